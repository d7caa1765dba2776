using System.Runtime;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Quintet.Hosting.Memory;

/// <summary>
/// Gives memory back when a process that was busy has become quiet. The runtime collects when something is allocated, so what a burst left behind
/// would stay resident for as long as nothing happens. Only for a process of our own: a full collection is nobody else's business.
/// </summary>
internal sealed partial class QuietLoop(TimeProvider time, ProcessMemory process, ILogger<QuietLoop> logger) : BackgroundService
{
    /// <summary>Between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // Of one core. A full collection of a large heap takes some tens of milliseconds, which a process with more to do would notice.
    private const double QuietShare = 0.05;

    // Less than this is not worth a collection.
    private const long WorthBytes = 32 * 1024 * 1024;

    private long _keptBytes;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        TimeSpan worked = process.ProcessorTime();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                TimeSpan now = process.ProcessorTime();
                if (now - worked < Interval * QuietShare) GiveBack();
                worked = process.ProcessorTime();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    // What was kept last time is in use, a long backlog perhaps; it is not collected again and again.
    private void GiveBack()
    {
        long held = process.HeldBytes();
        if (held < _keptBytes + Math.Max(WorthBytes, _keptBytes / 2)) return;
        process.Collect();
        _keptBytes = process.HeldBytes();
        Log.GaveBack(logger, held >> 20, _keptBytes >> 20);
    }

    private static partial class Log
    {
        [LoggerMessage(9001, LogLevel.Debug, "Was quiet and gave memory back: {Held} MiB became {Kept} MiB")]
        public static partial void GaveBack(ILogger logger, long held, long kept);
    }
}

/// <summary>What the loop asks of the runtime; tests answer instead.</summary>
/// <param name="ProcessorTime">User and system time of this process since its start.</param>
/// <param name="HeldBytes">What the garbage-collected heap takes.</param>
/// <param name="Collect">Collects everything and hands free memory to the system.</param>
internal sealed record ProcessMemory(Func<TimeSpan> ProcessorTime, Func<long> HeldBytes, Action Collect)
{
    public static ProcessMemory OfThisProcess { get; } = new(
        () => Environment.CpuUsage.TotalTime,
        // The first counts what was allocated since the last collection, the second what that one left committed.
        () => Math.Max(GC.GetTotalMemory(forceFullCollection: false), GC.GetGCMemoryInfo().TotalCommittedBytes),
        () =>
        {
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        });
}
