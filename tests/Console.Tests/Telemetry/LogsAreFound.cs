using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Tests.Telemetry;

public sealed class LogsAreFound : IDisposable
{
    private readonly TestStore _store = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static LogFilter All => new(TestStore.AllDay);

    [Fact]
    public async Task Around_a_line_stands_what_the_same_instance_logged_before_and_after_it()
    {
        using TestStore store = new();
        store.Add(
            Otlp.Logs("users", [.. Enumerable.Range(1, 9).Select(i => Otlp.Log($"line {i}", at: i))]),
            new Console.Telemetry.Protocol.ExportLogsServiceRequest
            {
                ResourceLogs =
                {
                    new Console.Telemetry.Protocol.ResourceLogs
                    {
                        Resource = Otlp.Resource("users", "2"),
                        ScopeLogs = { new Console.Telemetry.Protocol.ScopeLogs { LogRecords = { Otlp.Log("of another instance", at: 5) } } },
                    },
                },
            });

        List<LogEntry> around = await store.Logs.AroundAsync("1", Otlp.Noon.AddSeconds(5), before: 2, after: 3, TestContext.Current.CancellationToken);

        Assert.Equal(["line 3", "line 4", "line 5", "line 6", "line 7"], around.Select(log => log.Body));
        Assert.Equal(9, (await store.Logs.AroundAsync("1", Otlp.Noon.AddSeconds(5), 100, 100, TestContext.Current.CancellationToken)).Count);
    }

    [Fact]
    public async Task Each_condition_narrows_and_the_newest_come_first()
    {
        _store.Add(
            Otlp.Logs("users", Otlp.Log("User added", at: 1, trace: 5, attributes: Otlp.Pair("user.id", 184)), Otlp.Log("Slow disk", severity: 13, at: 2)),
            Otlp.Logs("mail", Otlp.Log("Not sent", severity: 17, at: 0)));

        Assert.Equal(["Slow disk", "User added", "Not sent"], await FindAsync(All));
        Assert.Equal(["Not sent"], await FindAsync(All with { Service = "mail" }));
        Assert.Equal(["Slow disk", "Not sent"], await FindAsync(All with { MinSeverity = 13 }));
        Assert.Equal(["Not sent"], await FindAsync(All with { MinSeverity = 14 }));
        Assert.Equal(["User added"], await FindAsync(All with { Text = "184" }));
        Assert.Equal(["User added"], await FindAsync(All with { Text = "USER add" }));
        Assert.Equal(["User added"], await FindAsync(All with { TraceId = Otlp.Hex(5) }));
        Assert.Equal(["Not sent"], await FindAsync(new LogFilter(new TimeRange(Otlp.Noon.AddSeconds(-1), Otlp.Noon.AddSeconds(1)))));
        Assert.Empty(await FindAsync(All with { Instance = "2" }));
    }

    [Fact]
    public async Task Pages_follow_one_another_without_gap_or_repeat()
    {
        _store.Add(Otlp.Logs("users", [.. Enumerable.Range(0, 23).Select(i => Otlp.Log($"line {i}", at: i / 3))]));
        List<string> paged = [];
        string? cursor = null;
        do
        {
            LogPage page = await _store.Logs.SearchAsync(All with { Cursor = cursor, Limit = 5 }, Stop);
            paged.AddRange(page.Logs.Select(log => log.Body));
            cursor = page.Next;
        }
        while (cursor is not null);

        Assert.Equal(await FindAsync(All), paged);
        Assert.Equal(23, paged.Distinct().Count());
    }

    public void Dispose() => _store.Dispose();

    private async Task<List<string>> FindAsync(LogFilter filter) => [.. (await _store.Logs.SearchAsync(filter, Stop)).Logs.Select(log => log.Body)];
}
