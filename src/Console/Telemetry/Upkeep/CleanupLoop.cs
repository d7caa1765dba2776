using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Upkeep;

/// <summary>Keeps the store within its age and its bytes.</summary>
internal sealed class CleanupLoop(WriterLoop writer, Cleanup cleanup, IOptions<ConsoleOptions> options, TimeProvider clock, TelemetryMeter meter)
    : BackgroundService
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(options.Value.Telemetry.Keep.CleanupInterval, clock);
        DateTimeOffset swept = clock.GetUtcNow();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                bool sweeps = clock.GetUtcNow() - swept >= SweepInterval;
                if (sweeps) swept = clock.GetUtcNow();
                await CleanAsync(sweeps, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is too old is deleted after the next start.
        }
    }

    /// <summary>Between two steps the writer takes what has come meanwhile.</summary>
    private async Task CleanAsync(bool sweeps, CancellationToken stopping)
    {
        try
        {
            while (!stopping.IsCancellationRequested && await writer.WriteAsync(cleanup.Step) is { } step) meter.Deleted(step.Kind, step.Rows);
            if (sweeps) await writer.WriteAsync(cleanup.Sweep);
        }
        catch (StoreUnavailableException)
        {
            // The writer has told of it; the next round tries again.
        }
    }
}
