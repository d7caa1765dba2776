using Microsoft.Extensions.Hosting;

namespace Quintet.Broker.Alarms;

/// <summary>Looks at the memory every so often.</summary>
internal sealed class MemoryLoop(MemoryAlarm alarm, MemoryOptions options, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(options.CheckInterval, time);
        try
        {
            do alarm.Look();
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The broker stops.
        }
    }
}
