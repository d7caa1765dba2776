using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Quintet.Console.Telemetry.Queries;
using Quintet.Console.Telemetry.Storage;
using Quintet.Console.Telemetry.Upkeep;

namespace Quintet.Console.Tests.Telemetry;

/// <summary>What is sampled away, too old, or too much.</summary>
public sealed class TheStoreStaysInItsBounds
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Failed_and_slow_traces_are_kept_whatever_the_share()
    {
        using TestStore store = new(options => options.Sampling.Share = 0);
        store.Add(Otlp.Spans(
            "shop", Otlp.Span(1, 1), Otlp.Span(1, 2, parent: 1), Otlp.Span(2, 1, isError: true), Otlp.Span(3, 1, seconds: 1), Otlp.Span(4, 1, seconds: 0.9)));

        Assert.Equal(new Settled(2, 2), store.Settle());

        Assert.Equal((2, 2, 2, 2), (store.Count("traces"), store.Count("spans"), store.Count("traces_text"), store.Count("trace_services")));
    }

    [Fact]
    public void Spans_a_second_bound_what_is_kept_of_the_others()
    {
        using TestStore store = new(options => options.Sampling.SpansPerSecond = 2);
        store.Add(Otlp.Spans("shop", [.. Enumerable.Range(1, 50).Select(trace => Otlp.Span(trace, 1))]));
        Assert.Equal(new Settled(20, 30), store.Settle());

        store.Add(Otlp.Spans("shop", [.. Enumerable.Range(100, 5).Select(trace => Otlp.Span(trace, 1))]));
        Assert.Equal(new Settled(5, 0), store.Settle());
    }

    [Fact]
    public void A_share_is_decided_by_the_id()
    {
        using TestStore one = new(options => options.Sampling.Share = 0.3);
        using TestStore other = new(options => options.Sampling.Share = 0.3);
        Random random = new(7);
        var spans = Enumerable.Range(1, 400).Select(_ =>
        {
            byte[] id = new byte[16];
            random.NextBytes(id);
            Console.Telemetry.Protocol.Span span = Otlp.Span(1, 1);
            span.TraceId = Google.Protobuf.ByteString.CopyFrom(id);
            return span;
        }).ToArray();
        one.Add(Otlp.Spans("shop", spans));
        other.Add(Otlp.Spans("shop", [.. spans.Reverse()]));
        one.Settle();
        other.Settle();

        Assert.InRange(one.Count("traces"), 80, 160);
        Assert.Equal(one.Count("traces"), other.Count("traces"));
    }

    [Fact]
    public void A_trace_is_not_decided_on_while_its_spans_come()
    {
        using TestStore store = new(options =>
        {
            options.Sampling.Share = 0;
            options.Sampling.Quiet = TimeSpan.FromMinutes(2);
        });
        store.Add(Otlp.Spans("shop", Otlp.Span(1, 1)));
        Assert.Equal(new Settled(0, 0), store.Settle());
        store.Add(Otlp.Spans("shop", Otlp.Span(1, 2, parent: 1, isError: true)));
        Assert.Equal(new Settled(0, 0), store.Settle());
        store.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new Settled(1, 0), store.Settle());
        Assert.Equal(2, store.Count("spans"));
    }

    [Fact]
    public async Task Each_kind_goes_when_its_time_is_over()
    {
        using TestStore store = new(options =>
        {
            options.Keep.Traces = TimeSpan.FromDays(1);
            options.Keep.Logs = TimeSpan.FromDays(2);
            options.Keep.Metrics = TimeSpan.FromDays(3);
            options.Keep.Hops = TimeSpan.FromDays(4);
            options.Keep.CleanupBatch = 3;
        });
        Console.Telemetry.Protocol.LogRecord hop = Otlp.Log("hop");
        hop.EventName = "quintet.hop";
        store.Add(
            Otlp.Spans("shop", [.. Enumerable.Range(1, 10).Select(trace => Otlp.Span(trace, 1, kind: 2))]),
            Otlp.Logs("shop", [.. Enumerable.Range(1, 10).Select(i => Otlp.Log($"line {i}")), hop]),
            Otlp.Metrics("shop", Otlp.Counter("orders", 0, 9, 1), Otlp.Gauge("depth", 9, 1)));
        store.Settle();
        Assert.Equal((10, 10, 1, 2), Counts(store));

        store.Clock.Advance(TimeSpan.FromHours(23));
        store.Clean();
        Assert.Equal((10, 10, 1, 2), Counts(store));
        store.Clock.Advance(TimeSpan.FromHours(2));
        Assert.True(store.Clean() >= 4);
        Assert.Equal((0, 10, 1, 2), Counts(store));
        Assert.Equal((0, 0, 0, 0), (store.Count("traces"), store.Count("traces_text"), store.Count("trace_services"), store.Count("calls")));
        store.Clock.Advance(TimeSpan.FromDays(1));
        store.Clean();
        Assert.Equal((0, 0, 1, 2), Counts(store));
        Assert.Empty((await store.Logs.SearchAsync(new LogFilter(TestStore.AllDay) { Text = "line" }, Stop)).Logs);
        store.Clock.Advance(TimeSpan.FromDays(1));
        store.Clean();
        Assert.Equal((0, 0, 1, 0), Counts(store));
        store.Clock.Advance(TimeSpan.FromDays(1));
        store.Clean();
        Assert.Equal((0, 0, 0, 0), Counts(store));

        store.Clock.Advance(TimeSpan.FromHours(1));
        store.Sweep();
        Assert.Equal((0, 0, 0), (store.Count("resources"), store.Count("series"), store.Count("edges")));
        store.Add(Otlp.Spans("shop", Otlp.Span(1, 1)));
        Assert.Equal("shop", (await store.Traces.GetAsync(Otlp.Hex(1), Stop))!.Spans[0].Service);
    }

    [Fact]
    public async Task Too_many_bytes_take_the_oldest_and_the_file_shrinks()
    {
        using TestStore store = new(options => options.Keep.BytesMax = 4 << 20);
        string filling = new('x', 4000);
        for (int batch = 0; batch < 40; batch++)
        {
            int first = (batch * 50) + 1;
            store.Add(Otlp.Spans("shop", [.. Enumerable.Range(first, 50).Select(
                trace => Otlp.Span(trace, 1, at: trace, attributes: Otlp.Pair("text", filling)))]));
            store.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        long before = PagesOf(store);
        Assert.True(store.Clean() > 0);

        Assert.InRange(Cleanup.BytesInUse(store.Store.Connection), 1 << 20, 4 << 20);
        Assert.True(PagesOf(store) < before);
        TracePage left = await store.Traces.SearchAsync(new TraceFilter(TestStore.AllDay) { Limit = 1000 }, Stop);
        Assert.Equal(Otlp.Hex(2000), left.Traces[0].TraceId);
        Assert.Equal(left.Traces.Count, store.Count("spans"));
        Assert.InRange(left.Traces.Count, 300, 999);
    }

    [Fact]
    public void Too_many_hops_take_the_oldest_of_each_kind_in_proportion_to_its_time_and_not_all_of_one()
    {
        using TestStore store = new(options =>
        {
            options.Keep.BytesMax = 2 << 20;
            options.Keep.Traces = options.Keep.Logs = TimeSpan.FromHours(1);
            options.Keep.Hops = TimeSpan.FromHours(2);
        });
        string filling = new('x', 4000);
        for (int minute = 0; minute < 50; minute++)
        {
            store.Add(
                Otlp.Logs("broker", [.. Enumerable.Range(0, 20).Select(_ => Hop(filling))]), Otlp.Logs("shop", Otlp.Log($"line {minute}")),
                Otlp.Spans("shop", Otlp.Span(minute + 1, 1)));
            store.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.True(store.Clean() > 0);

        Assert.InRange(Cleanup.BytesInUse(store.Store.Connection), 1, 2 << 20);
        (long spans, long logs, long hops, _) = Counts(store);
        Assert.InRange(spans, 5, 45);
        Assert.InRange(logs, spans - 1, spans + 1);
        Assert.InRange(hops, 100, 900);
        // Kept twice as long, they reach back twice as far.
        Assert.InRange(hops / 20, (2 * spans) - 3, (2 * spans) + 3);
    }

    [Fact]
    public async Task The_loops_settle_and_clean_up_as_time_goes_by()
    {
        FakeTimeProvider clock = new(Otlp.Noon);
        await using ReceivingConsole console = await ReceivingConsole.StartAsync(
            services => services.AddSingleton<TimeProvider>(clock), ("Telemetry:Sampling:Share", "0"), ("Telemetry:Keep:Logs", "1.00:00:00"));
        await console.SendAsync("/v1/traces", Otlp.Spans("shop", Otlp.Span(1, 1, kind: 2), Otlp.Span(2, 1, isError: true)));
        await console.SendAsync("/v1/logs", Otlp.Logs("shop", Otlp.Log("a line")));

        await UntilAsync(console, clock, TimeSpan.FromSeconds(1), "SELECT count(*) FROM traces", 1);
        await UntilAsync(console, clock, TimeSpan.FromHours(1), "SELECT count(*) FROM logs", 0);

        Assert.NotNull(await console.Get<Traces>().GetAsync(Otlp.Hex(2), Stop));
    }

    /// <summary>Lets time go by in steps until the store says so; each step waits for what the loops have asked of the writer.</summary>
    private static async Task UntilAsync(ReceivingConsole console, FakeTimeProvider clock, TimeSpan step, string sql, long wanted)
    {
        for (int i = 0; i < 10_000; i++)
        {
            if (await console.Get<WriterLoop>().WriteAsync(store => TelemetryFile.Number(store.Connection, sql)) == wanted) return;
            clock.Advance(step);
            if (clock.GetUtcNow() > Otlp.Noon.AddDays(2)) break;
        }

        Assert.Fail($"{sql} never gave {wanted}");
    }

    private static Console.Telemetry.Protocol.LogRecord Hop(string text)
    {
        Console.Telemetry.Protocol.LogRecord hop = Otlp.Log("hop", attributes: Otlp.Pair("text", text));
        hop.EventName = "quintet.hop";
        return hop;
    }

    private static long PagesOf(TestStore store) => TelemetryFile.Number(store.Store.Connection, "PRAGMA page_count");

    private static (long Spans, long Logs, long Hops, long Points) Counts(TestStore store) =>
        (store.Count("spans"), store.Count("logs"), store.Count("hops"), store.Count("points"));
}
