using Quintet.Supervision.Processes;
using Quintet.Supervision.State;
using Quintet.TestKit.Processes;
using Xunit;
using ChildProcess = Quintet.TestKit.Processes.ChildProcess;

namespace Quintet.Quintet.Tests.Systems;

/// <summary>How long the parts keep their telemetry back.</summary>
public sealed class ExportDelayTests
{
    private const string Spans = "OTEL_BSP_SCHEDULE_DELAY";
    private const string Logs = "OTEL_BLRP_SCHEDULE_DELAY";
    private const string Metrics = "OTEL_METRIC_EXPORT_INTERVAL";

    private const string Sleepers =
        """
          plain:
            command: tail -f /dev/null
          slow:
            command: tail -f /dev/null
            environment: { OTEL_METRIC_EXPORT_INTERVAL: 30000 }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_a_console_boxes_and_services_send_soon_unless_somebody_says_another_time()
    {
        using CommandLineProcess system = new(Sleepers, console: true);
        await using ChildProcess up = system.Start(Given(spans: "250", logs: ""), "up", "--isolated");

        await RunsWithAsync(system, "plain-1", up, $"{Spans}=250", $"{Logs}=1000", $"{Metrics}=10000");
        await RunsWithAsync(system, "slow-1", up, $"{Spans}=250", $"{Logs}=1000", $"{Metrics}=30000");
        await RunsWithAsync(system, "gateway", up, $"{Spans}=250", $"{Logs}=1000", $"{Metrics}=10000");
    }

    [Fact]
    public async Task Without_a_console_nobody_is_told_how_often_to_send()
    {
        using CommandLineProcess system = new(Sleepers);
        await using ChildProcess up = system.Start(Given(spans: "250"), "up", "--isolated");

        int pid = await RunsWithAsync(system, "plain-1", up, $"{Spans}=250");

        string told = await File.ReadAllTextAsync($"/proc/{pid}/environ", Cancellation);
        Assert.DoesNotContain(Logs, told, StringComparison.Ordinal);
        Assert.DoesNotContain(Metrics, told, StringComparison.Ordinal);
    }

    /// <summary>The environment of <c>quintet up</c>, whatever that of the tests is.</summary>
    private static Dictionary<string, string?> Given(string? spans = null, string? logs = null) =>
        new() { [Spans] = spans, [Logs] = logs, [Metrics] = null };

    private static async Task<int> RunsWithAsync(CommandLineProcess system, string instance, ChildProcess up, params string[] assignments)
    {
        int pid = 0;
        await Eventually.TrueAsync(
            $"{instance} runs with {string.Join(' ', assignments)}",
            () =>
            {
                if (RunFile.Read(new StateFolder(system.State)) is not { } run) return Task.FromResult(false);
                IReadOnlyList<ProcessIdentity> found =
                    ProcessTable.WithEnvironment([$"QUINTET_RUN={run.Run}", $"QUINTET_INSTANCE={instance}", .. assignments]);
                if (found.Count > 0) pid = found[0].Pid;
                return Task.FromResult(found.Count > 0);
            },
            Cancellation,
            () => up.Output);
        return pid;
    }
}
