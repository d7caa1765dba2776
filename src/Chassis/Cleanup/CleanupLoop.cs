using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Chassis.Data;
using Quintet.Chassis.Idempotency;
using Quintet.Chassis.Loops;
using Quintet.Chassis.Messaging;
using Quintet.Chassis.Sagas;

namespace Quintet.Chassis.Cleanup;

/// <summary>
/// Removes outbox rows, inbox rows, kept answers and ended sagas whose time is over, every hour. What was set aside stays until somebody decides. Several
/// instances may do it at once: deleting twice is deleting once.
/// </summary>
internal sealed partial class CleanupLoop(
    IServiceScopeFactory scopes, IServiceProviderIsService registered, IOptions<MessagingOptions> messaging, IOptions<IdempotencyOptions> idempotency,
    IOptions<SagaOptions> sagas, TimeProvider time, ILogger<CleanupLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    public async Task CleanAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset sentBefore = now - messaging.Value.KeepSent;
        DateTimeOffset handledBefore = now - messaging.Value.KeepHandled;
        DateTimeOffset answeredBefore = now - idempotency.Value.Keep;
        DateTimeOffset endedBefore = now - sagas.Value.Keep;
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        DbContext db = scope.ServiceProvider.GetRequiredService<DbContext>();
        await db.Set<OutboxRow>()
            .Where(r => (r.State == OutboxState.Sent || r.State == OutboxState.Unclaimed) && r.DoneAt < sentBefore)
            .ExecuteDeleteAsync(cancellation);
        await db.Set<InboxRow>().Where(r => r.HandledAt < handledBefore).ExecuteDeleteAsync(cancellation);
        await db.Set<SagaRow>().Where(r => r.State != SagaState.Running && r.ChangedAt < endedBefore).ExecuteDeleteAsync(cancellation);
        await db.Set<AnswerRow>().Where(r => r.KeptAt < answeredBefore).ExecuteDeleteAsync(cancellation);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!registered.IsService(typeof(DbContext))) return; // a service without a database has nothing to clean
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
        [LoggerMessage(6321, LogLevel.Warning, "Old rows of outbox, inbox and kept answers could not be removed; the next try is in an hour")]
        public static partial void Failed(ILogger logger, Exception fault);
    }
}
