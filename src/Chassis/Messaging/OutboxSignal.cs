using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Quintet.Chassis.Data;
using Quintet.Hosting.Telemetry;

namespace Quintet.Chassis.Messaging;

/// <summary>Wakes the <see cref="OutboxLoop"/> of this process when a transaction with events was committed, and notes that it was.</summary>
internal sealed class OutboxSignal(Hops hops) : ISaveChangesInterceptor, IDbTransactionInterceptor, IDisposable
{
    private readonly SemaphoreSlim _news = new(0, 1);
    private readonly RowChanges _changes = new();

    /// <summary>Returns at the next commit, or after <paramref name="patience"/>.</summary>
    public async Task WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        using CancellationTokenSource late = new(patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        try
        {
            await _news.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Time to look anyway: another instance may have committed.
        }
    }

    public ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(SavingChanges(eventData, result));

    public InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        if (hops.IsOn && eventData.Context is { } context) _changes.Collect(context);
        return result;
    }

    public ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        Wake(eventData.Context, isCommitted: eventData.Context?.Database.CurrentTransaction is null);
        return ValueTask.FromResult(result);
    }

    public int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        Wake(eventData.Context, isCommitted: eventData.Context?.Database.CurrentTransaction is null);
        return result;
    }

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Wake(eventData.Context, isCommitted: true);
        return Task.CompletedTask;
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => Wake(eventData.Context, isCommitted: true);

    public Task TransactionRolledBackAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        TransactionRolledBack(transaction, eventData);
        return Task.CompletedTask;
    }

    public void TransactionRolledBack(DbTransaction transaction, TransactionEndEventData eventData) => Forget(eventData.Context);

    public void SaveChangesFailed(DbContextErrorEventData eventData) => Forget(eventData.Context);

    public Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        Forget(eventData.Context);
        return Task.CompletedTask;
    }

    public void Dispose() => _news.Dispose();

    private void Wake(DbContext? context, bool isCommitted)
    {
        string? changes = isCommitted && context is not null ? _changes.Take(context) : null;
        OutboxRow[] rows = [.. context?.ChangeTracker.Entries<OutboxRow>().Select(entry => entry.Entity) ?? []];
        if (rows.Length == 0) return;
        if (isCommitted && hops.IsOn) Tell(rows.Where(row => !row.IsTold), changes);
        try
        {
            if (_news.CurrentCount == 0) _news.Release();
        }
        catch (SemaphoreFullException)
        {
            // Two commits at the same moment: the loop is awake already.
        }
    }

    private void Forget(DbContext? context)
    {
        if (context is not null) _changes.Take(context);
    }

    private void Tell(IEnumerable<OutboxRow> rows, string? changes)
    {
        foreach (OutboxRow row in rows)
        {
            row.IsTold = true;
            hops.Note(new Hop(HopStage.Outbox, "committed")
            {
                EventId = row.EventId, EventType = row.Type, Subject = row.Subject, TraceParent = row.TraceParent, Detail = changes,
            });
        }
    }
}
