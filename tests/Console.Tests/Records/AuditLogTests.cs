using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Quintet.Console.Access;
using Quintet.Console.Records;
using Quintet.TestKit.Files;

namespace Quintet.Console.Tests.Records;

public sealed class AuditLogTests : IDisposable
{
    private static readonly Deed Scale = new("scale", "users", "to 3 instances");

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 29, 3, 0, 0, TimeSpan.Zero));
    private readonly AuditLog _log;

    public AuditLogTests()
    {
        IOptions<ConsoleOptions> options = Options.Create(new ConsoleOptions { DataFolder = _folder["data"], AuditAge = TimeSpan.FromDays(30) });
        _log = new AuditLog(new ConsoleDatabase(options), options, _time);
    }

    [Fact]
    public async Task What_was_done_is_kept_with_who_and_what_came_of_it()
    {
        string result = await _log.DoAsync(Somebody(ConsoleRole.Operator), Scale, () => Task.FromResult("users runs 3 instances"));

        AuditEntry entry = _log.Newest(10).Single();
        Assert.Equal("users runs 3 instances", result);
        Assert.Equal(("ann", "Operator", "10.0.0.7", "scale", "users", "to 3 instances", "done", result),
            (entry.Who, entry.Role, entry.From, entry.Action, entry.Target, entry.Detail, entry.Outcome, entry.Result));
        Assert.Equal(_time.GetUtcNow(), entry.At);
    }

    [Fact]
    public async Task What_goes_on_is_there_already_and_a_failure_is_kept()
    {
        string during = "";
        InvalidOperationException fault = await Assert.ThrowsAsync<InvalidOperationException>(() => _log.DoAsync(Somebody(ConsoleRole.Operator), Scale, () =>
        {
            during = _log.Newest(1).Single().Outcome;
            throw new InvalidOperationException("no room");
        }));

        Assert.Equal("begun", during);
        Assert.Equal(("failed", fault.Message), (_log.Newest(1).Single().Outcome, _log.Newest(1).Single().Result));
    }

    [Fact]
    public async Task A_viewer_changes_nothing_and_the_attempt_is_kept()
    {
        bool wasDone = false;

        await Assert.ThrowsAsync<ForbiddenException>(() => _log.DoAsync(Somebody(ConsoleRole.Viewer), Scale, () =>
        {
            wasDone = true;
            return Task.FromResult("");
        }));

        Assert.False(wasDone);
        Assert.Equal("refused", _log.Newest(1).Single().Outcome);
    }

    [Fact]
    public void Entries_are_found_by_their_words_and_paged()
    {
        for (int entry = 0; entry < 5; entry++) _log.Note(Somebody(ConsoleRole.Operator), new Deed("restart", $"part-{entry}"), "done", "");

        Assert.Equal(["part-4", "part-3"], _log.Newest(2).Select(e => e.Target));
        Assert.Equal(["part-2", "part-1"], _log.Newest(2, before: _log.Newest(2)[^1].Id).Select(e => e.Target));
        Assert.Equal(["part-1"], _log.Newest(10, containing: "PART-1").Select(e => e.Target));
        Assert.Empty(_log.Newest(10, containing: "%"));
    }

    [Fact]
    public void Entries_go_when_they_are_too_old()
    {
        _log.Note(Somebody(ConsoleRole.Operator), new Deed("restart", "old"), "done", "");
        _time.Advance(TimeSpan.FromDays(31));
        _log.Note(Somebody(ConsoleRole.Operator), new Deed("restart", "new"), "done", "");

        Assert.Equal(["new"], _log.Newest(10).Select(e => e.Target));
    }

    public void Dispose() => _folder.Dispose();

    private Actor Somebody(ConsoleRole role) => new("ann", role, "10.0.0.7", _time.GetUtcNow() + TimeSpan.FromHours(1));
}
