using Quintet.Console.Telemetry.Figures;
using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Tests.Telemetry;

/// <summary>The live graph, from spans as the parts of a system send them.</summary>
public sealed class CallsAreCounted : IDisposable
{
    private const int Server = 2;
    private const int Client = 3;
    private const int Producer = 4;
    private const int Consumer = 5;

    private readonly TestStore _store = new();

    [Fact]
    public async Task A_request_through_two_services_and_a_database_has_three_edges()
    {
        _store.Add(
            Otlp.Spans(
                "gateway",
                Otlp.Span(1, 1, kind: Server, seconds: 0.4),
                Otlp.Span(1, 2, parent: 1, kind: Client, attributes: Otlp.Pair("server.address", "::1"))),
            Otlp.Spans(
                "users",
                Otlp.Span(1, 3, parent: 2, kind: Server, seconds: 0.2, isError: true),
                Otlp.Span(1, 4, parent: 3, kind: Client, attributes: [Otlp.Pair("db.system.name", "postgresql"), Otlp.Pair("db.namespace", "users")])));

        Assert.Equal(
            ["Outside  -> Service gateway", "Service gateway -> Service users", "Service users -> Database postgresql users"], await EdgesAsync());
        CallEdge toUsers = (await CallsAsync()).Single(edge => edge.To.Name == "users");
        Assert.Equal((1, 1.0), (toUsers.Count, toUsers.ErrorShare));
        Assert.InRange(toUsers.P99.TotalSeconds, 0.16, 0.24);
    }

    [Fact]
    public async Task An_event_goes_from_service_to_exchange_and_from_service_to_queue_to_service()
    {
        _store.Add(
            Otlp.Spans("users", Otlp.Span(1, 1, kind: Producer, attributes: Otlp.Pair("messaging.destination.name", "events"))),
            Otlp.ScopedSpans(
                "quintet-broker", "Quintet.Broker",
                Otlp.Span(1, 2, parent: 1, kind: Producer, attributes: Otlp.Pair("messaging.destination.name", "events")),
                Otlp.Span(1, 3, parent: 1, kind: Consumer, attributes: Otlp.Pair("messaging.destination.name", "mail.user-created")),
                Otlp.Span(1, 4, parent: 1, kind: Consumer, attributes: Otlp.Pair("messaging.destination.name", "audit.user-created"))),
            Otlp.ScopedSpans("mail", "RabbitMQ.Client.Subscriber", Otlp.Span(1, 5, parent: 1, kind: Consumer, seconds: 0.001)),
            Otlp.ScopedSpans("mail", "Quintet.Chassis", Otlp.Span(1, 6, parent: 1, kind: Consumer, seconds: 0.3)));

        Assert.Equal(
            [
                "Queue mail.user-created -> Service mail", "Service users -> Exchange events", "Service users -> Queue audit.user-created",
                "Service users -> Queue mail.user-created",
            ],
            await EdgesAsync());
        Assert.InRange((await CallsAsync()).Single(edge => edge.To.Name == "mail").P50.TotalSeconds, 0.25, 0.35);
    }

    [Fact]
    public async Task Hosts_and_mail_servers_are_told_apart()
    {
        _store.Add(Otlp.Spans(
            "mail",
            Otlp.Span(1, 1, kind: Client, attributes: [Otlp.Pair("server.address", "smtp.example.org"), Otlp.Pair("server.port", 587)]),
            Otlp.Span(1, 2, kind: Client, attributes: [Otlp.Pair("server.address", "api.example.org"), Otlp.Pair("server.port", 443)])));

        Assert.Equal(["Service mail -> Mail smtp.example.org:587", "Service mail -> Host api.example.org:443"], (await EdgesAsync()).Order().Reverse());
    }

    [Fact]
    public async Task A_mail_without_a_span_is_known_by_its_hop()
    {
        LogRecord hop = Otlp.Log(
            "quintet.hop",
            attributes: [Otlp.Pair("quintet.hop.stage", "mail"), Otlp.Pair("quintet.hop.outcome", "failed"), Otlp.Pair("quintet.hop.duration_ms", 120)]);
        hop.EventName = "quintet.hop";
        _store.Add(Otlp.Logs("notifications", hop));

        CallEdge mail = Assert.Single(await CallsAsync());
        Assert.Equal((new Peer(PeerKind.Service, "notifications"), PeerKind.Mail, 1.0), (mail.From, mail.To.Kind, mail.ErrorShare));
    }

    [Fact]
    public async Task A_span_counts_once_however_late_the_others_come()
    {
        _store.Add(Otlp.Spans("gateway", Otlp.Span(1, 1, kind: Server)));
        _store.Settle();
        _store.Add(Otlp.Spans("users", Otlp.Span(1, 2, parent: 1, kind: Server)));
        _store.Settle();
        _store.Settle();

        Assert.Equal([1, 1], (await CallsAsync()).Select(edge => edge.Count));
        Assert.Equal(["Outside  -> Service gateway", "Service gateway -> Service users"], await EdgesAsync());
    }

    [Fact]
    public async Task Absurd_durations_do_not_stop_the_settling_of_the_others()
    {
        Span endless = Otlp.Span(1, 1, kind: Consumer);
        endless.EndTimeUnixNano = long.MaxValue;
        Span another = Otlp.Span(1, 2, kind: Consumer);
        another.EndTimeUnixNano = long.MaxValue;
        (endless.ParentSpanId, another.ParentSpanId) = (Otlp.SpanId(9), Otlp.SpanId(9));
        _store.Add(Otlp.Spans("mail", endless, another), Otlp.Spans("gateway", Otlp.Span(2, 1, kind: Server)));

        Assert.Equal([2, 1], (await CallsAsync()).Select(edge => edge.Count));
    }

    [Fact]
    public async Task Traces_that_are_not_kept_are_counted_all_the_same()
    {
        using TestStore none = new(options => options.Sampling.Share = 0);
        none.Add(Otlp.Spans("gateway", [.. Enumerable.Range(1, 20).Select(trace => Otlp.Span(trace, 1, kind: Server))]));
        none.Settle();

        Assert.Equal(0, none.Count("spans"));
        Assert.Equal(20, Assert.Single(await new Calls(none.Reader).OfAsync(TestStore.AllDay, TestContext.Current.CancellationToken)).Count);
    }

    [Fact]
    public async Task Endless_names_become_other()
    {
        using TestStore few = new(options => options.Limits.CallsMax = 2);
        few.Add(Otlp.Spans("shop", [.. Enumerable.Range(1, 9).Select(
            i => Otlp.Span(1, i, kind: Client, attributes: Otlp.Pair("server.address", $"host{i}")))]));
        few.Settle();

        List<CallEdge> edges = await new Calls(few.Reader).OfAsync(TestStore.AllDay, TestContext.Current.CancellationToken);
        Assert.Equal((3, 9L), (edges.Count, edges.Sum(edge => edge.Count)));
        Assert.Contains(edges, edge => edge.To.Name == "other");
    }

    public void Dispose() => _store.Dispose();

    private async Task<List<CallEdge>> CallsAsync()
    {
        _store.Settle();
        return await new Calls(_store.Reader).OfAsync(TestStore.AllDay, TestContext.Current.CancellationToken);
    }

    private async Task<List<string>> EdgesAsync() =>
        [.. (await CallsAsync()).Select(edge => $"{edge.From.Kind} {edge.From.Name} -> {edge.To.Kind} {edge.To.Name}").Order(StringComparer.Ordinal)];
}
