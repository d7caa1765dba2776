using Quintet.Chassis.Tests.Doubles;
using Quintet.Chassis.Tests.Messaging;
using Quintet.Chassis.Tests.Orders;
using Quintet.Hosting.Telemetry;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Telemetry;
using Xunit;

namespace Quintet.Chassis.Tests.Telemetry;

/// <summary>The stops of an event's way, as a collector receives them.</summary>
[Collection(RabbitNode.Events)]
public sealed class HopTests(RabbitNode rabbit) : OrdersOverRabbit(rabbit, null)
{
    private const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";

    [Fact]
    public async Task Every_stop_of_an_event_is_noted_though_its_trace_is_not_sampled()
    {
        await using OtlpSink sink = await OtlpSink.StartAsync(Cancellation);
        Script.Before = times => { if (times == 1) throw new IOException("not yet"); };
        await using OrdersService service = await StartAsync([.. sink.ExporterEnvironment.Select(variable => $"{variable.Key}={variable.Value}")]);
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(service.Url, "/orders/7"));
        request.Headers.Add("traceparent", $"00-{TraceId}-00f067aa0ba902b7-00");
        using HttpClient http = new(new SocketsHttpHandler());
        (await http.SendAsync(request, Cancellation)).EnsureSuccessStatusCode();

        await Eventually.TrueAsync(
            "the last stop arrives",
            () => Task.FromResult(HopsIn(sink).Any(hop => hop["quintet.hop.outcome"] == "handled")),
            Cancellation,
            () => string.Join('\n', HopsIn(sink).Select(hop => string.Join(' ', hop))));

        IReadOnlyDictionary<string, string>[] hops = [.. HopsIn(sink)];
        Assert.Equal(
            [("outbox", "committed"), ("published", "confirmed"), ("handled", "retried"), ("handled", "handled")],
            hops.Select(hop => (hop["quintet.hop.stage"], hop["quintet.hop.outcome"])));
        Assert.Single(hops.Select(hop => hop["quintet.event.id"]).Distinct());
        Assert.All(hops, hop => Assert.Equal(("orders/7", TraceId), (hop["quintet.subject"], hop["quintet.trace.id"])));
        Assert.All(hops[2..], hop => Assert.Equal(Queue, hop["quintet.hop.place"]));
        Assert.Equal("1 added to orders", hops[0]["quintet.hop.detail"]);
        Assert.Equal("not yet", hops[2]["quintet.hop.detail"]);
    }

    [Fact]
    public async Task Commands_and_commits_of_a_request_are_spans_of_its_trace_and_those_of_loops_are_none()
    {
        await using OtlpSink sink = await OtlpSink.StartAsync(Cancellation);
        await using OrdersService service = await StartAsync([.. sink.ExporterEnvironment.Select(variable => $"{variable.Key}={variable.Value}")]);
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(service.Url, "/orders/8"));
        request.Headers.Add("traceparent", $"00-{TraceId}-00f067aa0ba902b7-01");
        using HttpClient http = new(new SocketsHttpHandler());
        (await http.SendAsync(request, Cancellation)).EnsureSuccessStatusCode();

        await Eventually.TrueAsync(
            "the handler's last command arrives",
            () => Task.FromResult(sink.Spans.Any(span => span.Name == "INSERT quintet_inbox" && span.TraceId == TraceId)),
            Cancellation,
            () => string.Join('\n', sink.Spans));

        string[] names = [.. sink.Spans.Where(span => span.TraceId == TraceId).Select(span => span.Name)];
        Assert.Contains("INSERT orders", names);
        Assert.Contains("INSERT quintet_outbox", names);
        Assert.Contains("SELECT quintet_inbox", names);
        Assert.Contains("COMMIT", names);
        Assert.DoesNotContain(sink.Spans, span => span.Name == "COMMIT" && span.ParentSpanId.Length == 0);
        Assert.DoesNotContain(sink.Spans, span => span.Name.EndsWith("quintet_leases", StringComparison.Ordinal));
    }

    [Fact]
    public void An_address_is_masked_and_found_by_its_hash_however_it_is_written()
    {
        Assert.Equal("a••@example.org", Hop.Mask("ann.lee@example.org"));
        Assert.Equal("••", Hop.Mask("no address"));
        Assert.Equal(Hop.HashOf("ann.lee@example.org"), Hop.HashOf(" Ann.Lee@Example.ORG"));
        Assert.Equal(32, Hop.HashOf("ann.lee@example.org").Length);
    }

    private static IEnumerable<IReadOnlyDictionary<string, string>> HopsIn(OtlpSink sink) =>
        sink.Logs.Where(log => log.EventName == Hops.EventName).Select(log => log.Attributes);
}
