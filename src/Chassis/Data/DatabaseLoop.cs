using Microsoft.Extensions.Hosting;
using Quintet.Chassis.Data.Engines;
using Quintet.Chassis.Loops;

namespace Quintet.Chassis.Data;

/// <summary>Looks every two seconds whether the database can be reached, so that health and waiting consumers know without a request.</summary>
internal sealed class DatabaseLoop(DatabaseEngine engine, DatabaseBoard board, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        int failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await engine.ProbeAsync(stoppingToken);
                board.Reached();
                failures = 0;
                await Backoff.DelayAsync(Every, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault)
            {
                board.Lost(fault);
                await Backoff.DelayAsync(++failures, Every, time, stoppingToken);
            }
        }
    }
}
