using Quintet.Client.Supervisor;
using Quintet.Client.Telemetry;
using Quintet.Console.Parts;

namespace Quintet.Terminal;

/// <summary>What one part has to do.</summary>
/// <param name="Part">The box or service.</param>
/// <param name="State">The worst of its processes.</param>
/// <param name="Instances">Its processes.</param>
/// <param name="Ready">Those that are ready.</param>
/// <param name="Rate">Requests a second; null where none are counted.</param>
/// <param name="FailingShare">0 to 1.</param>
/// <param name="P50">Seconds.</param>
/// <param name="P99">Seconds.</param>
/// <param name="Cpu">Processors that it keeps busy; null until it was looked at twice.</param>
/// <param name="MemoryMb">Resident memory in units of 1,048,576 bytes.</param>
internal sealed record PartLoad(
    string Part, string State, int Instances, int Ready, double? Rate, double? FailingShare, double? P50, double? P99, double? Cpu, double MemoryMb);

/// <summary>Joins what the supervisor sees of the processes with the requests that the console counts.</summary>
internal sealed class PartLoads(SupervisorClient supervisor, ConsoleApiClient? console, TimeProvider time)
{
    private IReadOnlyList<SystemProcess> _before = [];
    private long _readAt;

    /// <summary>Why there are no figures of requests; null when there are.</summary>
    public string? Blindness { get; private set; }

    public async Task<IReadOnlyList<PartLoad>> ReadAsync(CancellationToken cancellation)
    {
        Task<IReadOnlyList<RequestsInfo>> asked = RequestsAsync(cancellation);
        Task<SystemStatus> status = supervisor.StatusAsync(cancellation);
        await Task.WhenAll(asked, status);
        (IReadOnlyList<RequestsInfo> requests, IReadOnlyList<SystemProcess> now) = (await asked, (await status).Processes);
        double seconds = time.GetElapsedTime(_readAt).TotalSeconds;
        List<PartLoad> loads = [.. now.GroupBy(process => process.Part).Select(part => LoadOf(part.Key, [.. part], requests, seconds))];
        _before = now;
        _readAt = time.GetTimestamp();
        return loads;
    }

    private async Task<IReadOnlyList<RequestsInfo>> RequestsAsync(CancellationToken cancellation)
    {
        if (console is null)
        {
            Blindness = "requests are not known: this system was started without its console";
            return [];
        }

        try
        {
            IReadOnlyList<RequestsInfo> requests = await console.RequestsAsync(cancellation);
            Blindness = null;
            return requests;
        }
        catch (ConsoleApiException fault)
        {
            // Processes are seen without it, and whoever looks may want to know why it is away.
            Blindness = $"requests are not known: {fault.Message}";
            return [];
        }
    }

    private PartLoad LoadOf(string part, SystemProcess[] processes, IReadOnlyList<RequestsInfo> requests, double seconds)
    {
        RequestsInfo? own = requests.FirstOrDefault(info => info.Service == PartName.InTelemetry(part));
        // The newest step or two have not been sent yet: what was measured is the rate, not what is missing.
        RequestFigureInfo[] measured = [.. (own?.Points ?? []).Where(point => point.Rate is not null)];
        double? rate = measured.Length == 0 ? null : measured.Average(point => point.Rate!.Value);
        return new PartLoad(
            part, processes.FirstOrDefault(process => process.State != "ready")?.State ?? "ready",
            processes.Length, processes.Count(process => process.State == "ready"), rate,
            rate > 0 ? measured.Average(point => point.ErrorRate ?? 0) / rate : null, own?.Total.P50, own?.Total.P99, CpuOf(processes, seconds),
            processes.Sum(process => process.MemoryMb));
    }

    /// <summary>A process that was not there before, or is another one by now, has no past to compare with.</summary>
    private double? CpuOf(SystemProcess[] processes, double seconds)
    {
        double[] used = [.. processes.Join(_before, now => now.Pid, before => before.Pid, (now, before) => now.CpuSeconds - before.CpuSeconds)];
        return used.Length == 0 || seconds <= 0 ? null : Math.Max(0, used.Sum()) / seconds;
    }
}
