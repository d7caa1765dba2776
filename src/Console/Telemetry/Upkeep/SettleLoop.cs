using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Upkeep;

/// <summary>Settles traces as they go quiet, in portions small enough that writers do not wait.</summary>
internal sealed class SettleLoop(WriterLoop writer, Settlement settlement, IOptions<ConsoleOptions> options, TimeProvider clock, TelemetryMeter meter)
    : BackgroundService
{
    private const int PortionMax = 50;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(options.Value.Telemetry.Sampling.Quiet / 10, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await SettleAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is not settled is settled after the next start.
        }
    }

    private async Task SettleAsync(CancellationToken stopping)
    {
        try
        {
            Settled settled;
            do
            {
                settled = await writer.WriteAsync(store => settlement.SettleQuiet(store, PortionMax));
                if (settled.Dropped > 0) meter.SampledAway(settled.Dropped);
            }
            while (settled.Kept + settled.Dropped == PortionMax && !stopping.IsCancellationRequested);
        }
        catch (StoreUnavailableException)
        {
            // The writer has told of it; the traces are still there at the next tick.
        }
    }
}
