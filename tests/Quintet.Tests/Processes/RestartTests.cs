using System.Globalization;
using Quintet.Supervision.Instances;
using Quintet.Supervision.Logs;
using Quintet.Supervision.Processes;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Quintet.Tests.Processes;

public sealed class RestartTests
{
    /// <summary>Accepts connections on $PORT until it is ended.</summary>
    private const string Listener =
        "exec /usr/bin/python3 -c 'import os,socket; s=socket.create_server((\"127.0.0.1\", int(os.environ[\"PORT\"])))\n"
        + "while True: s.accept()[0].close()'";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_process_that_is_killed_comes_back_with_its_id_and_port()
    {
        Need.DebianFile(Need.Python, "python3");
        await using Workbench bench = new();
        Instance instance = bench.Begin(Listener);
        Assert.True(await instance.BecomesReadyAsync(Eventually.Deadline, Cancellation));
        int first = instance.Pid;

        Native.Signal(first, Native.SigKill);

        await Eventually.TrueAsync(
            "another process is ready",
            () => Task.FromResult(instance.Pid is var pid and not 0 && pid != first && instance.State == InstanceState.Ready),
            Cancellation);
        Assert.Equal(1, instance.Restarts);
        Assert.Contains(LogReader.Tail(bench.State.SupervisorLog, 10), line => line.Contains("job-1 was ended by signal 9", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_process_that_never_becomes_ready_is_failed_and_still_tried()
    {
        await using Workbench bench = new();
        Instance instance = bench.Begin("echo tried >> tries; exit 7");

        Assert.False(await instance.BecomesReadyAsync(Eventually.Deadline, Cancellation));

        Assert.Equal((InstanceState.Failed, "ended with exit code 7"), (instance.State, instance.Reason));
        int tries = File.ReadAllLines(bench["tries"]).Length;
        await Eventually.TrueAsync("it is tried again", () => Task.FromResult(File.ReadAllLines(bench["tries"]).Length > tries), Cancellation);
    }

    [Fact]
    public async Task The_waits_before_restarts_grow_and_have_a_limit()
    {
        await using Workbench bench =
            new(Workbench.Quick with { BackoffFirst = TimeSpan.FromMilliseconds(20), BackoffMax = TimeSpan.FromMilliseconds(80) });
        Instance instance = bench.Begin("/usr/bin/date +%s%N >> starts; exit 1");
        await Eventually.TrueAsync("eight starts", () =>
            Task.FromResult(File.Exists(bench["starts"]) && File.ReadAllLines(bench["starts"]).Length >= 8), Cancellation);

        // The starts themselves take their time; so a wait can only be seen to be at least what it should be.
        long[] starts = [.. File.ReadAllLines(bench["starts"]).Select(line => long.Parse(line, CultureInfo.InvariantCulture) / 1_000_000)];
        long[] gaps = [.. starts.Zip(starts.Skip(1), (a, b) => b - a)];
        Assert.True(gaps[0] >= 20 && gaps[1] >= 40 && gaps[2] >= 80 && gaps[3] >= 80, string.Join(' ', gaps));
    }

    [Fact]
    public async Task A_program_that_is_not_there_says_so()
    {
        await using Workbench bench = new();
        Instance instance = bench.Begin("exec /no/such/program");

        Assert.False(await instance.BecomesReadyAsync(Eventually.Deadline, Cancellation));

        Assert.Equal("ended with exit code 127", instance.Reason);
        Assert.Contains(LogReader.Tail(instance.LogPath, 50), line => line.Contains("/no/such/program", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_process_that_ignores_sigterm_is_killed_at_the_deadline()
    {
        Need.DebianFile(Need.Python, "python3");
        await using Workbench bench = new(Workbench.Quick with { StopDeadline = TimeSpan.FromMilliseconds(300) });
        Instance instance = bench.Begin("trap '' TERM; " + Listener);
        Assert.True(await instance.BecomesReadyAsync(Eventually.Deadline, Cancellation));
        ProcessIdentity process = ProcessTable.Identify(instance.Pid)!.Value;

        await instance.StopAsync(drain: false);

        Assert.False(ProcessTable.IsAlive(process));
        Assert.Equal(InstanceState.Stopped, instance.State);
    }

    [Fact]
    public async Task What_a_process_started_ends_with_it_even_in_a_session_of_its_own()
    {
        await using Workbench bench = new();
        Instance instance = bench.Begin("setsid sh -c 'echo $$ > away; exec tail -f /dev/null' & tail -f /dev/null & echo $! > near; wait");
        ProcessIdentity[] children = await IdentitiesAsync(bench["away"], bench["near"]);

        await instance.StopAsync(drain: false);

        Assert.All(children, child => Assert.False(ProcessTable.IsAlive(child)));
    }

    [Fact]
    public async Task A_foreign_program_finds_its_signals_as_a_shell_leaves_them()
    {
        await using Workbench bench = new();
        bench.Begin("grep -E '^Sig(Blk|Ign)' /proc/self/status > signals.tmp; "
            + "ps -o pgid= -p $$ > group.tmp; echo $$ > pid.tmp; mv signals.tmp signals; exec tail -f /dev/null");
        await Eventually.TrueAsync("it wrote", () => Task.FromResult(File.Exists(bench["signals"])), Cancellation);

        Assert.All(File.ReadAllLines(bench["signals"]), line => Assert.Equal("0000000000000000", line.Split('\t')[1]));
        Assert.Equal(File.ReadAllText(bench["pid.tmp"]).Trim(), File.ReadAllText(bench["group.tmp"]).Trim());
    }

    private static async Task<ProcessIdentity[]> IdentitiesAsync(params string[] files)
    {
        List<ProcessIdentity> found = [];
        foreach (string file in files)
        {
            string pid = await Eventually.GetAsync(file, () =>
                Task.FromResult(File.Exists(file) && File.ReadAllText(file).EndsWith('\n') ? File.ReadAllText(file) : null), Cancellation);
            found.Add(ProcessTable.Identify(int.Parse(pid, CultureInfo.InvariantCulture))!.Value);
        }

        return [.. found];
    }
}
