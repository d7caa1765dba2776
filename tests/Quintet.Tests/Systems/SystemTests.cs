using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Quintet.Manifest;
using Quintet.Supervision;
using Quintet.Supervision.State;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Quintet.Tests.Systems;

public sealed class SystemTests
{
    private const string Sleeper =
        """
          sleeper:
            command: tail -f /dev/null
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commands_without_a_system_say_so_with_their_exit_codes()
    {
        using CommandLineProcess system = new(Sleeper);

        Assert.Equal(5, (await system.RunAsync("status")).ExitCode);
        Assert.Equal(5, (await system.RunAsync("scale", "sleeper=2")).ExitCode);
        Assert.Equal(5, (await system.RunAsync("env")).ExitCode);
        Assert.Equal(5, (await system.RunAsync("map")).ExitCode);
        (int exitCode, string output) = await system.RunAsync("top");
        Assert.Equal(5, exitCode);
        Assert.Contains("'quintet up' starts one", output, StringComparison.Ordinal);
        Assert.Equal(3, (await system.RunAsync("logs")).ExitCode);
        Assert.Equal(0, (await system.RunAsync("down")).ExitCode);
        Assert.Equal(2, (await system.RunAsync("frobnicate")).ExitCode);
        Assert.Equal(2, (await system.RunAsync("up", "--timeout", "soon")).ExitCode);
    }

    [Fact]
    public async Task Without_a_console_the_map_says_how_to_start_it_and_top_shows_processes()
    {
        using CommandLineProcess system = new(Sleeper);
        await using ChildProcess up = system.Start("up", "--isolated");
        await Eventually.GetAsync("run.json", () => Task.FromResult(RunFile.Read(new StateFolder(system.State))), Cancellation);

        (int exitCode, string output) = await system.RunAsync("map");
        Assert.Equal(3, exitCode);
        Assert.Contains("was started without its console", output, StringComparison.Ordinal);
        Assert.Contains("without --no-console", output, StringComparison.Ordinal);

        (exitCode, output) = await system.RunAsync("top", "--once");
        Assert.Equal(0, exitCode);
        Assert.Matches(@"(?m)^sleeper +\S+ +\S.* +- +- +- +- +", output);
        Assert.Contains("requests are not known: this system was started without its console", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_faulty_manifest_starts_nothing()
    {
        using CommandLineProcess system = new("  a:\n    comand: x\n    replicas: many");

        (int exitCode, string output) = await system.RunAsync("up", "--detach");

        Assert.Equal(2, exitCode);
        Assert.Contains("quintet.yaml:5: services.a.comand: unknown key; did you mean 'command'?", output, StringComparison.Ordinal);
        Assert.Contains("quintet.yaml:6: services.a.replicas: 'many'", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(system.State, "logs")));
    }

    [Fact]
    public async Task A_taken_port_is_a_conflict_that_names_its_holder()
    {
        using Socket holder = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        holder.Listen(1);
        int port = ((IPEndPoint)holder.LocalEndPoint!).Port;
        using CommandLineProcess system = new(Sleeper);
        await File.AppendAllTextAsync(system.Manifest, $"\nports: {{ gateway: {port} }}\n", Cancellation);

        (int exitCode, string output) = await system.RunAsync("up", "--detach");

        Assert.Equal(4, exitCode);
        Assert.Contains($"port {port} (ports.gateway) is taken by process {Environment.ProcessId} (", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_system_is_driven_by_the_commands()
    {
        using CommandLineProcess system = new(Sleeper);
        await using ChildProcess up = system.Start("up", "--isolated");
        await Eventually.GetAsync("run.json", () => Task.FromResult(RunFile.Read(new StateFolder(system.State))), Cancellation);

        (int second, string refusal) = await system.RunAsync("up", "--isolated");
        Assert.Equal(4, second);
        Assert.Contains(system.State, refusal, StringComparison.Ordinal);

        JsonObject status = JsonNode.Parse((await system.RunAsync("status", "--output", "json")).Output)!.AsObject();
        Assert.Equal(["ready", "processes"], status.Select(member => member.Key));
        JsonObject process = status["processes"]!.AsArray().Single(p => (string?)p!["part"] == "sleeper")!.AsObject();
        Assert.Equal(["part", "instance", "pid", "state", "endpoint", "restarts", "memoryMb"], process.Select(member => member.Key));
        Assert.Equal("sleeper-1", (string?)process["instance"]);

        Assert.Equal(3, (await system.RunAsync("restart", "nobody")).ExitCode);
        Assert.Equal(2, (await system.RunAsync("scale", "gateway=2")).ExitCode);
        Assert.Equal(2, (await system.RunAsync("scale", "sleeper")).ExitCode);
        JsonObject env = JsonNode.Parse((await system.RunAsync("env", "--output", "json")).Output)!.AsObject();
        Assert.Equal("amqp://guest:guest@127.0.0.1:1/%2F", (string?)env["AMQP_URL"]);
        Assert.Contains($"export MAIL_DIRECTORY='{system.State}/mail'", (await system.RunAsync("env")).Output, StringComparison.Ordinal);

        Assert.Equal(0, (await system.RunAsync("down")).ExitCode);
        await up.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task Secrets_are_the_owners_and_in_no_command_line()
    {
        using CommandLineProcess system = new(Sleeper);
        await using ChildProcess up = system.Start("up", "--isolated");
        RunFile run = await Eventually.GetAsync("run.json", () => Task.FromResult(RunFile.Read(new StateFolder(system.State))), Cancellation);

        string control = Secrets.Open(new StateFolder(system.State).Secrets).Of(Secrets.Control);
        Assert.Equal(43, control.Length); // 256 bits in base64url
        Assert.All(
            (string[])["secrets.json", "run.json", "settings/gateway.json"],
            file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(system.State, file))));
        string commandLines = string.Concat(global::Quintet.Supervision.Processes.ProcessTable.Pids()
            .Select(global::Quintet.Supervision.Processes.ProcessTable.CommandLine));
        Assert.DoesNotContain(control, commandLines, StringComparison.Ordinal);

        using HttpClient stranger = new(new SocketsHttpHandler()) { BaseAddress = new Uri(run.Control) };
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(new Uri("v1/status", UriKind.Relative), Cancellation)).StatusCode);
        stranger.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", control[..^1]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(new Uri("v1/status", UriKind.Relative), Cancellation)).StatusCode);

        await system.RunAsync("down");
        await up.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task A_detached_start_that_fails_tells_why_and_leaves_nothing()
    {
        using CommandLineProcess system = new(
            """
              broken:
                command: ["/bin/sh", "-c", "echo the reason is this; exit 3"]
            """);

        (int exitCode, string output) = await system.RunAsync("up", "--isolated", "--detach");

        Assert.Equal(1, exitCode);
        Assert.Contains("broken-1 ended with exit code 3", output, StringComparison.Ordinal);
        Assert.Contains("the reason is this", output, StringComparison.Ordinal);
        Assert.Equal(5, (await system.RunAsync("status")).ExitCode);
        Assert.Contains("the reason is this", (await system.RunAsync("logs", "broken")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_detached_start_that_takes_too_long_is_given_up()
    {
        using CommandLineProcess system = new(Sleeper);

        (int exitCode, string output) = await system.RunAsync("up", "--isolated", "--detach", "--timeout", "2");

        Assert.Equal(7, exitCode);
        Assert.Contains("sleeper-1 (starting)", output, StringComparison.Ordinal);
        Assert.Equal(5, (await system.RunAsync("status")).ExitCode);
    }

    [Fact]
    public async Task A_state_that_a_killed_supervisor_still_holds_for_a_moment_is_waited_for()
    {
        using CommandLineProcess files = new(Sleeper);
        StateFolder state = new(files.State);
        FileStream dying = state.TryLock()!;
        Task<Supervisor> opening = Supervisor.OpenAsync(ManifestReader.Read(files.Manifest), state, new SupervisionOptions(), isolated: true);
        Assert.False(opening.IsCompleted);

        await dying.DisposeAsync();

        await using Supervisor opened = await opening;
        Assert.True(state.IsLocked());
    }

    [Fact]
    public async Task A_state_that_another_process_keeps_is_a_conflict_after_a_while()
    {
        using CommandLineProcess files = new(Sleeper);
        StateFolder state = new(files.State);
        await using FileStream other = state.TryLock()!;
        SupervisionOptions impatient = new() { StateWait = TimeSpan.Zero };

        ConflictException conflict = await Assert.ThrowsAsync<ConflictException>(
            () => Supervisor.OpenAsync(ManifestReader.Read(files.Manifest), state, impatient, isolated: true));

        Assert.Contains("another quintet works in", conflict.Message, StringComparison.Ordinal);
    }
}
