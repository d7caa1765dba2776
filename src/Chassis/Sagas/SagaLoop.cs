using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quintet.Chassis.Data;
using Quintet.Chassis.Loops;

namespace Quintet.Chassis.Sagas;

/// <summary>
/// Finds answers that are late, also those that became late while no instance ran. Of several instances the one with the lease does it; each
/// run is a transaction of its own.
/// </summary>
internal sealed partial class SagaLoop(IServiceScopeFactory scopes, ChassisOptions chassis, TimeProvider time, ILogger<SagaLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(10);
    // A run whose step fails must not stand before the others for ever.
    private static readonly TimeSpan FaultyPause = TimeSpan.FromMinutes(1);
    private const int RunsAtOnce = 100;

    /// <returns>How many late answers were dealt with.</returns>
    public async Task<int> TimeOutAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        int done = 0;
        foreach (string id in await LateAsync(now, cancellation))
        {
            try
            {
                if (await TimeOutAsync(id, now, cancellation)) done++;
            }
            catch (DbUpdateConcurrencyException)
            {
                // The answer came at this very moment, and whoever brought it has gone on with the run.
            }
            catch (Exception fault) when (fault is not OperationCanceledException && !IsOfDatabase(fault))
            {
                Log.Faulty(logger, id, FaultyPause, fault);
                await PutOffAsync(id, now + FaultyPause, cancellation);
            }
        }

        return done;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Lease lease = new(scopes, time, "sagas", chassis.Instance);
        int failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await lease.HoldAsync(stoppingToken)) await TimeOutAsync(stoppingToken);
                failures = 0;
                await Backoff.DelayAsync(Every, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                if (failures == 0) Log.Failed(logger, fault);
                await Backoff.DelayAsync(++failures, RetryMax, time, stoppingToken);
            }
        }
    }

    private async Task<bool> TimeOutAsync(string id, DateTimeOffset now, CancellationToken cancellation)
    {
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        DbContext db = scope.ServiceProvider.GetRequiredService<DbContext>();
        // An answer may have come since: only what is still late is late.
        if (await db.Set<SagaRow>().FindAsync([id], cancellation) is not { State: SagaState.Running } row || row.DueAt > now) return false;
        Saga saga = scope.ServiceProvider.GetServices<Saga>().FirstOrDefault(known => known.Kind == row.Kind)
            ?? throw new InvalidOperationException($"this service has no saga '{row.Kind}' any more");
        await saga.TimeOutAsync(row, cancellation);
        await db.SaveChangesAsync(cancellation);
        Log.Late(logger, row.Kind, row.Id, row.Step, row.State);
        return true;
    }

    private async Task PutOffAsync(string id, DateTimeOffset until, CancellationToken cancellation)
    {
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<DbContext>().Set<SagaRow>()
            .Where(row => row.Id == id && row.State == SagaState.Running)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DueAt, until), cancellation);
    }

    // What the database cannot do now concerns every run: the loop waits for it.
    private static bool IsOfDatabase(Exception fault) => fault is DbException or DbUpdateException { InnerException: DbException };

    private async Task<List<string>> LateAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<DbContext>().Set<SagaRow>()
            .Where(row => row.State == SagaState.Running && row.DueAt != null && row.DueAt <= now)
            .OrderBy(row => row.DueAt)
            .Select(row => row.Id)
            .Take(RunsAtOnce)
            .ToListAsync(cancellation);
    }

    private static partial class Log
    {
        [LoggerMessage(6401, LogLevel.Warning, "The {Kind} {RunId} had no answer to {Step} in time and is {State}")]
        public static partial void Late(ILogger logger, string kind, string runId, string step, SagaState state);

        [LoggerMessage(6403, LogLevel.Error, "The late answer of run {RunId} could not be dealt with; it is tried again after {Pause}")]
        public static partial void Faulty(ILogger logger, string runId, TimeSpan pause, Exception fault);

        [LoggerMessage(6402, LogLevel.Warning, "Late answers could not be looked for; it is tried again for ever")]
        public static partial void Failed(ILogger logger, Exception fault);
    }
}
