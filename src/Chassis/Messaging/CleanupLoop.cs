using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Chassis.Data;

namespace Quintet.Chassis.Messaging;

/// <summary>
/// Removes outbox and inbox rows that have been kept long enough, every hour. What was set aside stays until somebody decides. Several
/// instances may do it at once: deleting twice is deleting once.
/// </summary>
internal sealed partial class CleanupLoop(
    IServiceScopeFactory scopes, IOptions<MessagingOptions> options, TimeProvider time, ILogger<CleanupLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    public async Task CleanAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset sentBefore = now - options.Value.KeepSent;
        DateTimeOffset handledBefore = now - options.Value.KeepHandled;
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        DbContext db = scope.ServiceProvider.GetRequiredService<DbContext>();
        await db.Set<OutboxRow>()
            .Where(r => (r.State == OutboxState.Sent || r.State == OutboxState.Unclaimed) && r.DoneAt < sentBefore)
            .ExecuteDeleteAsync(cancellation);
        await db.Set<InboxRow>().Where(r => r.HandledAt < handledBefore).ExecuteDeleteAsync(cancellation);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Backoff.DelayAsync(Every, time, stoppingToken);
            if (stoppingToken.IsCancellationRequested) return;
            try
            {
                await CleanAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                Log.Failed(logger, fault);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(6321, LogLevel.Warning, "Old outbox and inbox rows could not be removed; the next try is in an hour")]
        public static partial void Failed(ILogger logger, Exception fault);
    }
}
