using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Tests.Telemetry;

public sealed class TracesAreFound : IDisposable
{
    private readonly TestStore _store = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public TracesAreFound()
    {
        _store.Add(
            Otlp.Spans("gateway", Otlp.Span(1, 1, name: "GET /users", at: 0, seconds: 0.1), Otlp.Span(2, 1, name: "POST /users", at: 1, seconds: 3)),
            Otlp.Spans("users", Otlp.Span(2, 2, parent: 1, at: 1.1, isError: true, attributes: Otlp.Pair("url.path", "/users/184"))),
            Otlp.Spans("gateway", Otlp.Span(3, 1, name: "GET /orders", at: 2, seconds: 0.5, attributes: Otlp.Pair("http.response.status_code", 404))));
        _store.Settle();
    }

    [Fact]
    public async Task The_newest_come_first_unless_told_otherwise()
    {
        Assert.Equal([3, 2, 1], await FindAsync(All));
        Assert.Equal([2, 3, 1], await FindAsync(All with { Order = TraceOrder.Slowest }));
        Assert.Equal([2, 3, 1], await FindAsync(All with { Order = TraceOrder.Errors }));
    }

    [Fact]
    public async Task Each_condition_narrows()
    {
        Assert.Equal([2], await FindAsync(All with { Service = "users" }));
        Assert.Equal([2, 1], await FindAsync(All with { Name = "/USERS" }));
        Assert.Equal([3], await FindAsync(All with { Status = 404 }));
        Assert.Equal([2], await FindAsync(All with { IsError = true }));
        Assert.Equal([3, 1], await FindAsync(All with { IsError = false }));
        Assert.Equal([2], await FindAsync(All with { MinDuration = TimeSpan.FromSeconds(1) }));
        Assert.Equal([3, 1], await FindAsync(All with { MaxDuration = TimeSpan.FromSeconds(1) }));
        Assert.Equal([2], await FindAsync(new TraceFilter(new TimeRange(Otlp.Noon.AddSeconds(0.5), Otlp.Noon.AddSeconds(2)))));
        Assert.Equal([2], await FindAsync(All with { Service = "users", IsError = true }));
        Assert.Empty(await FindAsync(All with { Service = "users", IsError = false }));
        Assert.Empty(await FindAsync(All with { Service = "orders", IsError = true }));
    }

    [Fact]
    public async Task What_parts_began_on_their_own_can_be_left_out_and_requests_stay()
    {
        _store.Add(
            Otlp.Spans("quintet-console", Otlp.Span(4, 1, name: "GET /v1/health", at: 3)),
            Otlp.Spans("quintet-gateway", Otlp.Span(5, 1, name: "GET /users", at: 4)));

        Assert.Equal([5, 4, 3, 2, 1], await FindAsync(All));
        Assert.Equal([5, 3, 2, 1], await FindAsync(All with { WithoutParts = true }));
    }

    [Fact]
    public async Task Words_of_any_span_find_the_trace()
    {
        Assert.Equal([2], await FindAsync(All with { Text = "184" }));
        Assert.Equal([2], await FindAsync(All with { Text = "broke", Service = "users" }));
        Assert.Equal([2, 1], await FindAsync(All with { Text = "/users" }));
        Assert.Equal([3], await FindAsync(All with { Text = "ord" }));
        Assert.Empty(await FindAsync(All with { Text = "184 orders" }));
    }

    [Theory]
    [InlineData(TraceOrder.Newest)]
    [InlineData(TraceOrder.Slowest)]
    [InlineData(TraceOrder.Errors)]
    public async Task Pages_follow_one_another_without_gap_or_repeat(object order)
    {
        _store.Add(Otlp.Spans("shop", [.. Enumerable.Range(10, 25).Select(trace => Otlp.Span(trace, 1, at: trace % 5, isError: trace % 3 == 0))]));
        List<int> paged = [];
        string? cursor = null;
        do
        {
            TracePage page = await _store.Traces.SearchAsync(All with { Order = (TraceOrder)order, Cursor = cursor, Limit = 4 }, Stop);
            paged.AddRange(page.Traces.Select(NumberOf));
            cursor = page.Next;
        }
        while (cursor is not null);

        Assert.Equal(await FindAsync(All with { Order = (TraceOrder)order }), paged);
        Assert.Equal(28, paged.Distinct().Count());
    }

    [Fact]
    public async Task A_trace_comes_with_its_spans_logs_and_hops()
    {
        LogRecord hop = Otlp.Log("quintet.hop", trace: 2, attributes: Otlp.Pair("quintet.hop.stage", "outbox"));
        hop.EventName = "quintet.hop";
        _store.Add(Otlp.Logs("users", Otlp.Log("validated", trace: 2), Otlp.Log("of another", trace: 3), hop));

        TraceDetail detail = (await _store.Traces.GetAsync(Otlp.Hex(2), Stop))!;

        Assert.Equal(["POST /users", "work"], detail.Spans.Select(span => span.Name));
        Assert.Equal("validated", Assert.Single(detail.Logs).Body);
        Assert.Equal("outbox", Assert.Single(detail.Hops).Stage);
        Assert.Equal(["gateway", "users"], detail.Trace.Services);
        Assert.False(detail.IsCut);
    }

    [Fact]
    public async Task A_trace_without_spans_still_has_its_logs()
    {
        _store.Add(Otlp.Logs("users", Otlp.Log("alone", trace: 9)));

        TraceDetail detail = (await _store.Traces.GetAsync(Otlp.Hex(9), Stop))!;

        Assert.Equal((0, "users", "alone"), (detail.Trace.Spans, detail.Trace.RootService, detail.Logs[0].Body));
        Assert.Null(await _store.Traces.GetAsync(Otlp.Hex(77), Stop));
    }

    [Fact]
    public async Task What_is_asked_wrongly_is_named()
    {
        InvalidQueryException id = await Assert.ThrowsAsync<InvalidQueryException>(() => _store.Traces.GetAsync("xyz", Stop));
        InvalidQueryException cursor = await Assert.ThrowsAsync<InvalidQueryException>(() => FindAsync(All with { Cursor = "1.2.3" }));

        Assert.Equal(("trace", "cursor"), (id.Parameter, cursor.Parameter));
    }

    [Fact]
    public async Task A_question_ends_when_nobody_waits_for_it()
    {
        using CancellationTokenSource gone = new();
        Task<long> asked = _store.Reader.QueryAsync(
            connection =>
            {
                gone.Cancel();
                return Console.Telemetry.Storage.TelemetryFile.Number(
                    connection, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n");
            },
            gone.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        Assert.Equal([3, 2, 1], await FindAsync(All)); // the connection is as good as before
    }

    [Fact]
    public async Task A_question_that_takes_too_long_is_given_up()
    {
        using TestStore store = new(options => options.Limits.QueryTimeout = TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAsync<TimeoutException>(() => store.Reader.QueryAsync(
            connection => Console.Telemetry.Storage.TelemetryFile.Number(
                connection, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"),
            Stop));
    }

    public void Dispose() => _store.Dispose();

    private static TraceFilter All => new(TestStore.AllDay);

    private static int NumberOf(TraceEntry trace) => int.Parse(trace.TraceId, System.Globalization.NumberStyles.HexNumber, null);

    private async Task<List<int>> FindAsync(TraceFilter filter) => [.. (await _store.Traces.SearchAsync(filter, Stop)).Traces.Select(NumberOf)];
}
