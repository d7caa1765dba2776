using Quintet.Supervision.Processes;
using Quintet.Supervision.State;
using Quintet.TestKit.Processes;
using Xunit;
using ChildProcess = Quintet.TestKit.Processes.ChildProcess;

namespace Quintet.Quintet.Tests.Systems;

/// <summary>However a supervisor ends, nothing that it started lives on.</summary>
public sealed class OrphanTests
{
    private const string Forker =
        """
          forker:
            command:
              - /bin/sh
              - -c
              - tail -f /dev/null & echo $! > near; setsid sh -c 'echo $$ > away; exec tail -f /dev/null' & trap '' TERM; echo $$ > self; exec tail -f /dev/null
          daemon:
            command: ["/usr/bin/python3", "daemon.py"]
        """;

    /// <summary>The classic: fork, new session, fork again, parents gone; besides it ignores SIGTERM.</summary>
    private const string Daemon =
        """
        import os, signal
        if os.fork(): signal.pause()
        os.setsid()
        if os.fork(): os._exit(0)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.close(1); os.close(2)
        with open("daemon.tmp", "w") as file: file.write(str(os.getpid()) + "\n")
        os.rename("daemon.tmp", "daemon")
        signal.pause()
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_killed_supervisor_leaves_nobody_not_even_a_daemon()
    {
        Need.DebianFile(Need.Python, "python3");
        using CommandLineProcess system = new(Forker);
        await File.WriteAllTextAsync(system["daemon.py"], Daemon, Cancellation);
        await using ChildProcess up = system.Start("up", "--isolated");
        ProcessIdentity[] processes = await ProcessesAsync(system);
        RunFile run = RunFile.Read(new StateFolder(system.State))!;

        up.Kill();

        await AllEndAsync(processes, up);
        Assert.False(run.IsAlive);
        Assert.Empty(ProcessTable.WithEnvironment($"QUINTET_RUN={run.Run}"));
        await DownCleansUpAsync(system);
    }

    [Fact]
    public async Task A_supervisor_and_its_guard_killed_together_are_cleaned_up_after_by_the_next_start()
    {
        Need.DebianFile(Need.Python, "python3");
        using CommandLineProcess system = new(Forker);
        await File.WriteAllTextAsync(system["daemon.py"], Daemon, Cancellation);
        await using ChildProcess up = system.Start("up", "--isolated");
        ProcessIdentity[] processes = await ProcessesAsync(system);
        RunFile run = RunFile.Read(new StateFolder(system.State))!;

        foreach (int guard in ProcessTable.Pids()
            .Where(pid => ProcessTable.CommandLine(pid).Contains("/bin/sh -c exec >/dev/null", StringComparison.Ordinal)).ToList())
            if (File.ReadAllText($"/proc/{guard}/cmdline").Contains(run.Run, StringComparison.Ordinal)) Native.Signal(guard, Native.SigKill);
        up.Kill();
        await up.WaitAsync(Cancellation);
        Assert.True(File.Exists(Path.Combine(system.State, "run.json")), "the killed supervisor left its run file");

        await using ChildProcess next = system.Start("up", "--isolated");
        await AllEndAsync(processes, next);
        await EndAsync(next);
    }

    [Fact]
    public async Task Ctrl_C_ends_everything_and_the_run_file_is_gone()
    {
        Need.DebianFile(Need.Python, "python3");
        using CommandLineProcess system = new(Forker);
        await File.WriteAllTextAsync(system["daemon.py"], Daemon, Cancellation);
        await using ChildProcess up = system.Start("up", "--isolated");
        ProcessIdentity[] processes = await ProcessesAsync(system);

        // The programs ignore SIGTERM: the second Ctrl-C is for the impatient.
        Native.Signal(up.Id, 2);
        await Eventually.TrueAsync("the first was heard", () => Task.FromResult(up.Output.Contains("stopping", StringComparison.Ordinal)),
            Cancellation, () => up.Output);
        await EndAsync(up);

        await AllEndAsync(processes, up);
        Assert.False(File.Exists(Path.Combine(system.State, "run.json")));
    }

    private static async Task EndAsync(ChildProcess up)
    {
        await Eventually.TrueAsync(
            "it ended",
            () =>
            {
                if (!up.HasExited) Native.Signal(up.Id, 2);
                return Task.FromResult(up.HasExited);
            },
            Cancellation,
            () => up.Output);
    }

    private static async Task DownCleansUpAsync(CommandLineProcess system)
    {
        Assert.Equal(0, (await system.RunAsync("down")).ExitCode);
        Assert.False(File.Exists(Path.Combine(system.State, "run.json")));
        (int exitCode, string output) = await system.RunAsync("down");
        Assert.Equal(0, exitCode);
        Assert.Contains("no system runs", output, StringComparison.Ordinal);
    }

    private static async Task<ProcessIdentity[]> ProcessesAsync(CommandLineProcess system) =>
    [
        await system.IdentityInAsync("near"), await system.IdentityInAsync("away"), await system.IdentityInAsync("self"),
            await system.IdentityInAsync("daemon"),
    ];

    private static Task AllEndAsync(ProcessIdentity[] processes, ChildProcess up) => Eventually.TrueAsync(
        "all are gone", () => Task.FromResult(!processes.Any(ProcessTable.IsAlive)), Cancellation, () =>
            $"{string.Join(' ', processes.Where(ProcessTable.IsAlive))}\n{up.Output}");
}
