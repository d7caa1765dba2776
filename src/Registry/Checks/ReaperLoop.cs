using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Checks;

/// <summary>Removes instances whose check has been critical for longer than its <c>DeregisterCriticalServiceAfter</c>.</summary>
internal sealed partial class ReaperLoop(
    CommitLoop commits, CheckClocks clocks, IOptions<RegistryOptions> options, TimeProvider time, ILogger<ReaperLoop> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer ticks = new(options.Value.Checks.ReapInterval, time);
        try
        {
            while (await ticks.WaitForNextTickAsync(stoppingToken)) await ReapAsync();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task ReapAsync()
    {
        foreach (InstanceEntry instance in commits.State.Local.Instances.Values)
        {
            CheckRow? overdue = instance.Checks.Values.FirstOrDefault(IsOverdue);
            if (overdue is null) continue;
            try
            {
                bool isRemoved = await commits.WriteAsync(draft =>
                {
                    if (draft.State.Local.FindCheck(overdue.Id) is not { } check || !IsOverdue(check)) return false;
                    draft.RemoveService(draft.State.LocalNode, instance.Row.Id);
                    return true;
                });
                if (isRemoved) Log.Reaped(logger, instance.Row.Id, overdue.Id, overdue.Plan!.DeregisterAfter.TotalSeconds);
            }
            catch (WriteRefusedException)
            {
                return; // the disk refuses writes, which its owner has logged; the next round tries again
            }
        }
    }

    private bool IsOverdue(CheckRow check) =>
        check.Status == CheckStatus.Critical && check.Plan?.DeregisterAfter is { Ticks: > 0 } limit && clocks.SinceCritical(check.Id) >= limit;

    private static partial class Log
    {
        [LoggerMessage(2030, LogLevel.Warning, "Instance {Instance} was removed: its check {Check} was critical for more than {Seconds} s")]
        public static partial void Reaped(ILogger logger, string instance, string check, double seconds);
    }
}
