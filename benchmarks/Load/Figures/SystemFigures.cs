using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Quintet.TestKit.Figures;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;

namespace Quintet.Load.Figures;

/// <summary>The reference system as a whole: how fast it starts, what it needs, how fast a dead instance is seen.</summary>
internal static class SystemFigures
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly string[] Boxes = ["gateway", "registry", "broker", "config", "supervisor"];

    public static async Task<Report> MeasureAsync(int repetitions, CancellationToken cancellation)
    {
        Report report = new($"dotnet run -c Release --project benchmarks/Load -- system {repetitions}", Console.Error.WriteLine);
        await using QuintetSystem system = await QuintetSystem.StartAsync(cancellation);
        await WarmStartsAsync(system, report, repetitions, cancellation);
        await MemoryAsync(system, report, cancellation);
        await DeathsAsync(system, report, repetitions, cancellation);
        return report;
    }

    private static async Task WarmStartsAsync(QuintetSystem system, Report report, int repetitions, CancellationToken cancellation)
    {
        List<double> seconds = [];
        for (int i = 0; i < repetitions; i++)
        {
            await system.MustRunAsync(["down"], cancellation);
            long start = Stopwatch.GetTimestamp();
            await system.MustRunAsync(["up", "--isolated", "--detach"], cancellation);
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        report.Add("warm start, `up --detach` to READY", $"{Spread(seconds)} s", "≤ 5 s");
    }

    private static async Task MemoryAsync(QuintetSystem system, Report report, CancellationToken cancellation)
    {
        IReadOnlyList<PartProcess> processes = (await system.StatusAsync(cancellation)).Processes;
        foreach (PartProcess process in processes) report.Add($"resident memory of {process.Instance}, idle", $"{process.MemoryMb:0} MB");
        report.Add("all boxes and the supervisor", $"{processes.Where(p => Boxes.Contains(p.Part)).Sum(p => p.MemoryMb):0} MB", "≤ 450 MB");
    }

    /// <summary>From SIGKILL of one of two instances until <c>health/service?passing</c> no longer lists it, asked every few milliseconds.</summary>
    private static async Task DeathsAsync(QuintetSystem system, Report report, int repetitions, CancellationToken cancellation)
    {
        await system.ReconnectAsync(cancellation);
        await system.MustRunAsync(["scale", "users=2"], cancellation);
        List<double> milliseconds = [];
        for (int i = 0; i < repetitions; i++)
        {
            await Eventually.TrueAsync("two pass", async () => (await PassingAsync(system, cancellation)).Length == 2, cancellation);
            PartProcess victim = (await system.ProcessesOfAsync("users", cancellation))[0];
            long start = Stopwatch.GetTimestamp();
            using (Process process = Process.GetProcessById(victim.Pid)) process.Kill();
            while ((await PassingAsync(system, cancellation)).Contains(victim.Instance)) await Task.Delay(Pause, TimeProvider.System, cancellation);
            milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        report.Add("SIGKILL of an instance until the registry no longer lists it as passing", $"{Spread(milliseconds)} ms", "< 1,000 ms");
    }

    private static async Task<string[]> PassingAsync(QuintetSystem system, CancellationToken cancellation)
    {
        JsonArray? entries = await system.Registry.GetFromJsonAsync<JsonArray>("/v1/health/service/users?passing", cancellation);
        return [.. entries!.Select(entry => (string)entry!["Service"]!["ID"]!)];
    }

    private static string Spread(List<double> values)
    {
        values.Sort();
        double median = values[values.Count / 2];
        return string.Create(CultureInfo.InvariantCulture, $"median {median:0.0} (of {values.Count}: {values[0]:0.0} to {values[^1]:0.0})");
    }
}
