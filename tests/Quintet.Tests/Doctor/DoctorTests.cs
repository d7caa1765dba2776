using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Quintet.Doctor;
using Quintet.Quintet.Tests.Systems;
using Quintet.Supervision.State;
using Quintet.TestKit.Files;
using Xunit;
using ChildProcess = Quintet.TestKit.Processes.ChildProcess;

namespace Quintet.Quintet.Tests.Doctor;

/// <summary><c>quintet doctor</c>: one line for each thing it looked at, and what to do about what is wrong.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_manifest_the_machine_is_looked_at()
    {
        JsonArray findings = (await RunAsync(_folder.Path)).Findings;

        Assert.Equal(["sdk", "disk", "files", "inotify", "clock"], findings.Select(f => (string)f!["check"]!).Distinct());
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_fault_and_its_holder_is_named()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        Write($"services: {{}}\nports: {{ gateway: {port} }}\n");

        (int exitCode, JsonArray findings) = await RunAsync(_folder.Path);

        Assert.Equal(1, exitCode);
        string fault = Assert.Single(Faults(findings), f => f.Contains($"{port} (ports.gateway)", StringComparison.Ordinal));
        Assert.Contains($"process {Environment.ProcessId}", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_fault_of_the_manifest_is_told()
    {
        Write("services: { users: { command: x, replicas: many } }\nport: {}\n");

        (int exitCode, JsonArray findings) = await RunAsync(_folder.Path);

        Assert.Equal(1, exitCode);
        Assert.Collection(Faults(findings),
            fault => Assert.StartsWith("quintet.yaml:1: services.users.replicas", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith("quintet.yaml:2: port: unknown key", fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_engine_that_is_away_is_a_fault_and_one_account_for_all_a_warning()
    {
        using CommandLineProcess process = new("  users: { command: x }");

        (int exitCode, string output) = await process.RunAsync("doctor");

        Assert.Equal(1, exitCode);
        string[] lines = output.Split('\n');
        Assert.Single(lines, l => l.StartsWith("fault    broker         127.0.0.1:1 does not answer; start RabbitMQ", StringComparison.Ordinal));
        Assert.Single(lines, l => l.StartsWith("fault    registry ", StringComparison.Ordinal) && l.Contains("cannot be reached", StringComparison.Ordinal));
        Assert.Single(lines, l => l.StartsWith("fault    configuration  http://127.0.0.1:1/ does not answer", StringComparison.Ordinal));
        Assert.Equal(2, lines.Count(l => l.StartsWith("warning  engines        all services share one account", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_was_applied_for_another_engine_is_a_fault()
    {
        using CommandLineProcess process = new("  users: { command: x }");
        StateFolder state = new(process.State);
        state.Create();
        new EngineRecord { Broker = new AppliedEngine("amqp://rabbit.example:5672", "3.10.8", "shells", DateTimeOffset.UnixEpoch) }.Write(state);

        string output = (await process.RunAsync("doctor")).Output;

        Assert.Contains("fault    engines        engines.broker is amqp://127.0.0.1:1, but amqp://rabbit.example:5672 was set up; run 'quintet engines apply'",
            output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, "ok")]
    [InlineData(long.MaxValue, 0, "warning")]
    [InlineData(long.MaxValue, long.MaxValue, "fault")]
    public async Task What_the_machine_has_is_compared_with_what_is_needed(long warn, long fault, string result)
    {
        List<(string Result, string Check)> found = [];
        Findings findings = new((r, check, _) => found.Add((r, check)));
        MachineNeeds needs = new() { FreeBytes = (warn, fault), InotifyInstances = (warn, fault) };

        await new MachineCheck(findings, needs, TimeProvider.System).LookAsync(_folder.Path, new StateFolder(_folder["state"]), Stop);

        Assert.Equal([(result, "disk"), (result, "inotify")], found.Where(f => f.Check is "disk" or "inotify"));
        Assert.Equal(result == "fault", findings.HasFaults);
        Assert.False(Directory.Exists(_folder["state"]), "the doctor changes nothing");
    }

    public void Dispose() => _folder.Dispose();

    private static List<string> Faults(JsonArray findings) =>
        [.. findings.Where(f => (string?)f!["result"] == "fault").Select(f => (string)f!["finding"]!)];

    private static async Task<(int ExitCode, JsonArray Findings)> RunAsync(string folder)
    {
        Dictionary<string, string?> environment = new() { ["QUINTET_HOME"] = null };
        (int exitCode, string output) = await ChildProcess.RunAsync(CommandLineProcess.Executable, ["doctor", "--output", "json"], Stop, folder, environment);
        return (exitCode, JsonNode.Parse(output)!.AsArray());
    }

    private void Write(string manifest) => File.WriteAllText(_folder["quintet.yaml"], manifest);
}
