using System.Net;
using Microsoft.Extensions.Time.Testing;
using Quintet.ConfigServer.Sources;
using Quintet.ConfigServer.Tests.Server;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.ConfigServer.Tests.Changes;

/// <summary>A branch moves as a whole or not at all, whoever else writes and whenever the process dies.</summary>
public sealed class BranchSwapTests
{
    private const string Next = "0123456789abcdef0123456789abcdef01234567";

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("the lock", null)]
    [InlineData("the lock\n0123", null)]
    [InlineData("the lock\n" + Next, null)]
    [InlineData("the lock\n" + Next, "")]
    [InlineData("the lock\n" + Next, "0123456789abc")]
    [InlineData("the lock\n" + Next, Next + "\n")]
    public async Task Death_between_any_two_steps_blocks_no_later_write(string? note, string? lockContent)
    {
        await using RunningServer server = await RunningServer.StartOwnAsync(_ => []);
        string lockPath = Path.Combine(server.DataFolder, "repository", "refs", "heads", "main.lock");
        await server.StopServerAsync();

        if (note is not null)
            File.WriteAllText(Path.Combine(server.DataFolder, "unfinished-swap"), note.Replace("the lock", lockPath, StringComparison.Ordinal));
        if (lockContent is not null) File.WriteAllText(lockPath, lockContent);
        await server.StartAgainAsync();
        HttpResponseMessage written = await server.SendAsync(
            HttpMethod.Put, "/_ext/v1/config/files/foo.yml", new StringContent("a: 1"), ("If-None-Match", "*"));

        Assert.Equal(HttpStatusCode.Created, written.StatusCode);
        Assert.Equal("a: 1", await server.TextAsync("/foo-default.properties"));
        Assert.False(File.Exists(lockPath));
    }

    [Fact]
    public async Task A_lock_that_somebody_else_holds_is_waited_for_and_left_alone()
    {
        using TempFolder folder = new();
        FakeTimeProvider time = new() { AutoAdvanceAmount = TimeSpan.FromSeconds(1) };
        BranchSwap swap = new(folder.Path, time);
        string reference = folder["main"];
        File.WriteAllText(reference + ".lock", "theirs");

        Task move = swap.TryMoveAsync(reference, Next, () => true, TestContext.Current.CancellationToken);
        while (!move.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await Assert.ThrowsAsync<BranchBusyException>(() => move);
        swap.RemoveUnfinished();
        Assert.Equal("theirs", File.ReadAllText(reference + ".lock"));
        Assert.False(File.Exists(reference));
    }

    [Fact]
    public async Task A_branch_that_moved_meanwhile_is_not_touched()
    {
        using TempFolder folder = new();
        BranchSwap swap = new(folder.Path, TimeProvider.System);
        string reference = folder["main"];
        File.WriteAllText(reference, "pushed");

        bool isMoved = await swap.TryMoveAsync(reference, Next, () => false, TestContext.Current.CancellationToken);

        Assert.False(isMoved);
        Assert.Equal(["main"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
        Assert.Equal("pushed", File.ReadAllText(reference));
    }
}
