using System.Diagnostics;
using System.Text.Json.Nodes;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Starting;

/// <summary>A system in the foreground, and the three ways it ends: Ctrl-C, SIGKILL of the supervisor, and a second start that is refused.</summary>
public sealed class StoppingTests
{
    /// <summary>As for every other start: two services are built in it, and the machine may be busy.</summary>
    private static readonly TimeSpan StartMax = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ctrl_C_drains_and_stops_everything()
    {
        using var folder = new TempFolder();
        await using ChildProcess up = await StartAsync(folder);
        int[] pids = await PidsAsync(folder);
        Assert.NotEmpty(pids);

        await ChildProcess.RunAsync("/bin/kill", ["-INT", $"{up.Id}"], Cancellation);
        await up.WaitAsync(Cancellation);

        Assert.All(pids, pid => Assert.False(IsAlive(pid), $"{pid} outlived the system:\n{up.Output}"));
    }

    [Fact]
    public async Task Nothing_outlives_a_supervisor_that_was_killed()
    {
        using var folder = new TempFolder();
        await using ChildProcess up = await StartAsync(folder);
        int[] pids = await PidsAsync(folder);

        using (Process supervisor = Process.GetProcessById(up.Id)) supervisor.Kill();

        await Eventually.TrueAsync(
            "every process is gone", () => Task.FromResult(!pids.Any(IsAlive)),
            Cancellation, () => string.Join(' ', pids.Where(IsAlive)));
    }

    [Fact]
    public async Task A_second_start_on_the_same_state_is_refused_as_a_conflict()
    {
        using var folder = new TempFolder();
        await using ChildProcess up = await StartAsync(folder);

        (int exitCode, _, string errors) = await QuintetCommand.RunAsync(["up", "--isolated", "--detach", "--state", folder["state"]], Cancellation);

        Assert.Equal(4, exitCode);
        Assert.Contains(folder["state"], errors, StringComparison.Ordinal);
        await ChildProcess.RunAsync("/bin/kill", ["-INT", $"{up.Id}"], Cancellation);
        await up.WaitAsync(Cancellation);
    }

    private static async Task<ChildProcess> StartAsync(TempFolder folder)
    {
        ChildProcess up = ChildProcess.Start(Repository.Command, ["up", "--isolated", "--state", folder["state"]], Repository.Root);
        await Eventually.TrueAsync(
            "READY",
            () => up.HasExited
                ? throw new InvalidOperationException($"it ended with {up.ExitCode}")
                : Task.FromResult(up.Output.Contains("READY", StringComparison.Ordinal)),
            Cancellation,
            () => up.Output,
            StartMax);
        return up;
    }

    private static async Task<int[]> PidsAsync(TempFolder folder)
    {
        (_, string output, _) = await QuintetCommand.RunAsync(["status", "--output", "json", "--state", folder["state"]], Cancellation);
        return [.. JsonNode.Parse(output)!["processes"]!.AsArray().Select(process => (int)process!["pid"]!)];
    }

    /// <summary>A zombie that its new parent has not reaped yet is dead.</summary>
    private static bool IsAlive(int pid)
    {
        try
        {
            return !File.ReadAllText($"/proc/{pid}/status").Contains("State:\tZ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
