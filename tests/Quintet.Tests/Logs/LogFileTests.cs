using System.Text;
using Microsoft.Extensions.Time.Testing;
using Quintet.Supervision.Logs;
using Quintet.Terminal;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Quintet.Tests.Logs;

public sealed class LogFileTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    [Fact]
    public void A_line_has_its_time_and_the_file_is_for_the_owner()
    {
        using LogFile log = Open(new LogLimits());

        log.Write("hello");

        Assert.Equal("2026-01-02T03:04:05.000Z hello\n", File.ReadAllText(log.Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(log.Path));
    }

    [Fact]
    public void A_full_file_is_put_aside_and_the_oldest_goes()
    {
        using LogFile log = Open(new LogLimits(BytesMax: 100, FilesMax: 3));

        for (int i = 0; i < 42; i++) log.Write($"line {i:00}");

        string[] files = [.. Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order()!];
        Assert.Equal(["a-1.1.log", "a-1.2.log", "a-1.log"], files);
        Assert.All(Directory.GetFiles(_folder.Path), file => Assert.True(new FileInfo(file).Length < 100 + 40));
        Assert.Equal("line 41", LogReader.WithoutTime(LogReader.Tail(log.Path, 1)[0]));
        Assert.Equal(["line 38", "line 39", "line 40", "line 41"], LogReader.Tail(log.Path, 4).Select(LogReader.WithoutTime));
    }

    [Fact]
    public void A_disk_that_fails_loses_lines_but_holds_nobody_up_and_is_tried_again()
    {
        Directory.CreateDirectory(_folder["a-1.log"]); // a folder where the file should be: every open fails
        using LogFile log = Open(new LogLimits());

        log.Write("lost");
        log.Write("lost too");
        Directory.Delete(_folder["a-1.log"]);
        _time.Advance(TimeSpan.FromSeconds(2));
        log.Write("kept");

        Assert.Equal(2, log.LinesLost);
        Assert.EndsWith("kept\n", File.ReadAllText(log.Path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_without_line_ends_is_cut_and_the_rest_is_written_at_the_end()
    {
        using LogFile log = Open(new LogLimits());
        byte[] output = [.. Enumerable.Repeat((byte)'x', (LogPump.LineBytesMax * 2) + 5), .. "\r\n\nlast"u8];

        await new LogPump(new MemoryStream(output), log).Ended;

        string[] lines = [.. File.ReadAllLines(log.Path).Select(LogReader.WithoutTime)];
        Assert.Equal([LogPump.LineBytesMax, LogPump.LineBytesMax, 5, 0, 4], lines.Select(line => line.Length));
    }

    [Fact]
    public async Task Following_goes_on_over_files_that_are_put_aside()
    {
        using LogFile log = Open(new LogLimits(BytesMax: 200, FilesMax: 5));
        log.Write("before");
        LogTail tail = new(_folder.Path, "a");
        Assert.Equal(["before"], tail.Last(10).Select(line => line.Text));
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await using IAsyncEnumerator<IReadOnlyList<LogLine>> next = tail.FollowAsync(TimeProvider.System, end.Token).GetAsyncEnumerator(end.Token);

        for (int i = 0; i < 7; i++) log.Write($"after {i}");

        List<string> seen = [];
        while (seen.Count < 7 && await next.MoveNextAsync()) seen.AddRange(next.Current.Select(line => line.Text));
        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"after {i}"), seen);
    }

    [Fact]
    public void A_json_line_is_rendered_for_people_and_anything_else_is_left_alone()
    {
        string json = """{"EventId":1,"LogLevel":"Warning","Category":"x","Message":"The broker is away","State":{}}""";

        Assert.EndsWith("users-1  warn  The broker is away", LogLine.Parse("users-1", "2026-01-02T03:04:05.000Z " + json).Render(7),
            StringComparison.Ordinal);
        Assert.EndsWith("users-1  {no json", LogLine.Parse("users-1", "2026-01-02T03:04:05.000Z {no json").Render(7), StringComparison.Ordinal);
        Assert.EndsWith("users-1  [1]", LogLine.Parse("users-1", "2026-01-02T03:04:05.000Z [1]").Render(7), StringComparison.Ordinal);
    }

    [Fact]
    public void Logs_of_another_part_with_a_similar_name_are_not_shown()
    {
        foreach (string name in (string[])["users-1.log", "users-1.1.log", "users-2.log", "users-old-1.log"])
            File.WriteAllText(_folder[name], $"2026-01-02T03:04:05.000Z {name}\n", Encoding.UTF8);

        Assert.Equal(["users-1", "users-1", "users-2"], new LogTail(_folder.Path, "users").Last(10).Select(line => line.Instance).Order());
    }

    public void Dispose() => _folder.Dispose();

    private LogFile Open(LogLimits limits) => new(_folder["a-1.log"], limits, _time);
}
