using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Tests.Telemetry;

public sealed class HopsAreKept : IDisposable
{
    private readonly TestStore _store = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Hops Hops => new(_store.Reader);

    [Fact]
    public async Task A_hop_is_found_by_each_of_its_ids_and_is_no_log_record()
    {
        _store.Add(
            Otlp.Logs("notifications", Hop("handled", 2, trace: 7, Otlp.Pair("quintet.hop.attempt", 2), Otlp.Pair("quintet.hop.duration_ms", 12))),
            Otlp.Logs("users", Hop("outbox", 1, trace: 7)),
            Otlp.Logs("users", Hop("outbox", 3, trace: 8, Otlp.Pair("quintet.address.hash", "973dfe463ec85785f5f95af5ba3906ee"))));

        Assert.Equal(["outbox", "handled"], Stages(await Hops.OfEventAsync("event-7", Stop)));
        Assert.Equal(["outbox", "handled"], Stages(await Hops.OfTraceAsync(Otlp.Hex(7), Stop)));
        Assert.Equal(["outbox", "handled", "outbox"], Stages(await Hops.OfSubjectAsync("users/184", Stop)));
        Assert.Equal(["outbox"], Stages(await Hops.OfAddressAsync(" Test@Example.com ", Stop)));
        Assert.Empty(await Hops.OfEventAsync("event-9", Stop));
        Assert.Empty((await _store.Logs.SearchAsync(new LogFilter(TestStore.AllDay), Stop)).Logs);

        HopEntry handled = (await Hops.OfEventAsync("event-7", Stop))[1];
        Assert.Equal(("notifications", "1", "done", TimeSpan.FromMilliseconds(12)), (handled.Part, handled.Instance, handled.Outcome, handled.Duration));
        Assert.Contains("\"quintet.hop.attempt\":2", handled.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hop_names_the_trace_it_belongs_to_rather_than_the_one_it_was_noted_in()
    {
        _store.Add(Otlp.Logs("users", Hop("published", 1, trace: 7, Otlp.Pair("quintet.trace.id", Otlp.Hex(9)))));

        Assert.Single(await Hops.OfTraceAsync(Otlp.Hex(9), Stop));
        Assert.Empty(await Hops.OfTraceAsync(Otlp.Hex(7), Stop));
    }

    public void Dispose() => _store.Dispose();

    private static LogRecord Hop(string stage, double at, int trace, params KeyValue[] attributes)
    {
        LogRecord record = Otlp.Log("quintet.hop", at: at, trace: trace, attributes: [
            Otlp.Pair("quintet.hop.stage", stage), Otlp.Pair("quintet.hop.outcome", "done"), Otlp.Pair("quintet.event.id", $"event-{trace}"),
            Otlp.Pair("quintet.subject", "users/184"), .. attributes]);
        record.EventName = "quintet.hop";
        return record;
    }

    private static List<string> Stages(List<HopEntry> hops) => [.. hops.Select(hop => hop.Stage)];
}
