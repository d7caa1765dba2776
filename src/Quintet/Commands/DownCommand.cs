using System.CommandLine;
using Quintet.Client.Supervisor;
using Quintet.Supervision.Processes;
using Quintet.Supervision.State;
using Quintet.Terminal;

namespace Quintet.Commands;

/// <summary><c>quintet down</c>: ends the system of a state, or what a crashed one left behind. Nothing to do is no failure.</summary>
internal static class DownCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static Command Create()
    {
        Command command = new("down",
            """
            Stop the system: gateway first, then services, then the other boxes; data stays.

            Examples:
              quintet down
              quintet down --state /tmp/two
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        Option<int> timeout = new("--timeout")
        {
            Description = "Seconds until what still runs is killed.",
            HelpName = "seconds",
            DefaultValueFactory = _ => 60,
        };
        SystemOptions.Limit(timeout, 86_400);
        command.Options.Add(timeout);
        command.SetAction(async (line, cancellation) =>
        {
            StateFolder state = system.State(line);
            if (RunFile.Read(state) is not { } run)
            {
                if (state.IsLocked()) throw new CommandException(ExitCode.Conflict, $"a system is just being started in '{state.Path}'; try again");
                await System.Console.Error.WriteLineAsync($"no system runs in '{state.Path}'");
                return ExitCode.Done;
            }

            return await StopAsync(state, run, TimeSpan.FromSeconds(line.GetValue(timeout)), cancellation);
        });
        return command;
    }

    private static async Task<int> StopAsync(StateFolder state, RunFile run, TimeSpan limit, CancellationToken cancellation)
    {
        if (run.IsAlive)
        {
            await AskAsync(state, run, cancellation);
            if (!await EndsAsync(run, limit, cancellation))
            {
                await System.Console.Error.WriteLineAsync($"it did not stop within {limit.TotalSeconds:0} s and is killed");
                Native.Signal(run.Pid, Native.SigKill);
                await EndsAsync(run, limit, cancellation);
            }
        }

        // A supervisor that went in order left nothing; one that did not left its run's name in the environment of each process.
        int left = Leftovers.Kill(run.Run);
        if (left > 0) await System.Console.Error.WriteLineAsync($"ended {left} process{(left == 1 ? "" : "es")} that a crashed run had left behind");
        using FileStream? held = state.TryLock();
        if (held is not null) File.Delete(state.Run);
        await System.Console.Error.WriteLineAsync("stopped");
        return ExitCode.Done;
    }

    private static async Task AskAsync(StateFolder state, RunFile run, CancellationToken cancellation)
    {
        try
        {
            using SupervisorClient client = SystemOptions.Connect(state, run);
            await client.StopAsync(cancellation);
        }
        catch (SupervisorException)
        {
            // It is alive and does not listen, or secrets.json was replaced under it: the signal means the same.
            Native.Signal(run.Pid, Native.SigTerm);
        }
    }

    private static async Task<bool> EndsAsync(RunFile run, TimeSpan limit, CancellationToken cancellation)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (run.IsAlive)
        {
            if (TimeProvider.System.GetElapsedTime(start) > limit) return false;
            await Task.Delay(Pause, TimeProvider.System, cancellation);
        }

        return true;
    }
}
