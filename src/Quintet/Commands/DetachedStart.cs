using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Quintet.Client.Supervisor;
using Quintet.Commands.Boxes;
using Quintet.Commands.Watching;
using Quintet.Manifest;
using Quintet.Supervision.Logs;
using Quintet.Supervision.Processes;
using Quintet.Supervision.State;
using Quintet.Terminal;

namespace Quintet.Commands;

/// <summary><c>quintet up --detach</c>: starts this command again as a supervisor in a session of its own, and waits until it is ready.</summary>
internal static class DetachedStart
{
    private const int LogLines = 30;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task<int> RunAsync(Wish wish, CancellationToken cancellation)
    {
        ProcessStartInfo info = OwnExecutable.Start(["up", "--supervise", "--file", wish.Manifest, "--state", wish.State.Path, .. wish.Arguments]);
        info.RedirectStandardInput = true;
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        using Process supervisor = Process.Start(info)!;
        supervisor.StandardInput.Close();
        try
        {
            RunFile? run = await UntilItListensAsync(supervisor, wish.State, cancellation);
            if (run is null)
            {
                // It told why: a fault in the manifest, a port that is taken, another system in this state.
                await System.Console.Error.WriteAsync(await supervisor.StandardError.ReadToEndAsync(cancellation));
                return supervisor.ExitCode == 0 ? ExitCode.Failed : supervisor.ExitCode;
            }

            return await FollowAsync(wish, run, supervisor, cancellation);
        }
        catch (OperationCanceledException)
        {
            // Half a system that nobody waits for is of no use.
            Native.Signal(supervisor.Id, Native.SigTerm);
            await supervisor.WaitForExitAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Turns the supervisor's own input and outputs away from whoever started it.</summary>
    public static void LeaveTerminal(StateFolder state)
    {
        if (!OperatingSystem.IsLinux()) return;
        using SafeFileHandle nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        using SafeFileHandle crash = File.OpenHandle(state.CrashLog, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        File.SetUnixFileMode(crash, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _ = Native.Duplicate((int)nothing.DangerousGetHandle(), 0);
        _ = Native.Duplicate((int)crash.DangerousGetHandle(), 1);
        _ = Native.Duplicate((int)crash.DangerousGetHandle(), 2);
    }

    /// <summary>Says why a start did not succeed, with the last words of the part that failed.</summary>
    public static void Explain(StartOutcome outcome, StateFolder state)
    {
        System.Console.Error.WriteLine($"quintet: {outcome.Problem}");
        // When the build failed the compiler has said everything.
        if (outcome.Status?.Failure is not null || outcome.Culprit is not { } culprit) return;
        string log = state.LogOf(culprit.Instance);
        System.Console.Error.WriteLine($"the last lines of {log}:");
        foreach (string line in LogReader.Tail(log, LogLines))
            System.Console.Error.WriteLine($"  {LogLine.Parse(culprit.Instance, line).Render(culprit.Instance.Length)}");
    }

    private static async Task<int> FollowAsync(Wish wish, RunFile run, Process supervisor, CancellationToken cancellation)
    {
        using SupervisorClient client = SystemOptions.Connect(wish.State, run);
        StartOutcome outcome = await new ProgressScreen(client, TimeProvider.System).FollowAsync(wish.Timeout, cancellation);
        if (outcome.Problem is null)
        {
            if (wish.IsJson)
            {
                StatusCommand.PrintJson(outcome.Status!);
                return ExitCode.Done;
            }

            IReadOnlyDictionary<string, string> environment = await client.EnvironmentAsync(cancellation);
            Uri? look = ConsoleCommand.LinkFor(environment, wish.State);
            ReadyScreen.Print(outcome.Status!, ManifestReader.Read(wish.Manifest), environment, look, detached: true);
            return ExitCode.Done;
        }

        Explain(outcome, wish.State);
        Native.Signal(supervisor.Id, Native.SigTerm);
        await supervisor.WaitForExitAsync(cancellation);
        return outcome.ExitCode;
    }

    /// <summary>The run file of the started process, or null when it ended before it wrote one.</summary>
    private static async Task<RunFile?> UntilItListensAsync(Process supervisor, StateFolder state, CancellationToken cancellation)
    {
        while (true)
        {
            bool hasEnded = supervisor.HasExited;
            if (RunFile.Read(state) is { IsAlive: true } run && run.Pid == supervisor.Id) return run;
            if (hasEnded) return null;
            await Task.Delay(Pause, TimeProvider.System, cancellation);
        }
    }

    /// <summary>What is wanted of a detached start.</summary>
    internal sealed record Wish(StateFolder State, string Manifest, TimeSpan Timeout, bool IsJson)
    {
        /// <summary>Options of <c>up</c> that the supervisor is to know.</summary>
        public IReadOnlyList<string> Arguments { get; init; } = [];
    }
}
