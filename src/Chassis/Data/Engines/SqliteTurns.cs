using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SQLitePCL;

namespace Quintet.Chassis.Data.Engines;

/// <summary>
/// Lets the writers of this process take turns without holding a thread. SQLite has one writer at a time; those who wait inside of it
/// block threads and overtake each other, and a burst of requests starves. Here they wait in a row, and SQLite's own waiting is left to the
/// writers of other processes. A turn lasts from the begin of a transaction to its end, at the latest until its connection closes.
/// </summary>
internal sealed class SqliteTurns(TimeSpan patience, TimeProvider time)
    : IDbTransactionInterceptor, IDbCommandInterceptor, IDbConnectionInterceptor, ISaveChangesInterceptor, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ConcurrentDictionary<DbConnection, bool> _holders = new(ReferenceEqualityComparer.Instance);

    // EF Core saves a single row without a transaction; with one, that write waits for its turn like every other.
    public InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        AlwaysInTransaction(eventData.Context);
        return result;
    }

    public ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        AlwaysInTransaction(eventData.Context);
        return ValueTask.FromResult(result);
    }

    // The transaction is begun here, so that a begin that fails gives the turn back; EF Core reports no such failure.
    public InterceptionResult<DbTransaction> TransactionStarting(
        DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result)
    {
        if (result.HasResult) return result;
        Take(connection);
        return Begin(connection, eventData.IsolationLevel);
    }

    public async ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
        DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result,
        CancellationToken cancellationToken = default)
    {
        if (result.HasResult) return result;
        await TakeAsync(connection, cancellationToken);
        return Begin(connection, eventData.IsolationLevel);
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => GiveBack(eventData.Context?.Database.GetDbConnection());

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default) =>
        GiveBackAsync(eventData.Context?.Database.GetDbConnection());

    public void TransactionRolledBack(DbTransaction transaction, TransactionEndEventData eventData) => GiveBack(eventData.Context?.Database.GetDbConnection());

    public Task TransactionRolledBackAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default) =>
        GiveBackAsync(eventData.Context?.Database.GetDbConnection());

    // A transaction that is disposed without an end, or that failed to end, holds SQLite's lock until then, too.
    public void ConnectionClosed(DbConnection connection, ConnectionEndEventData eventData) => GiveBack(connection);

    public Task ConnectionClosedAsync(DbConnection connection, ConnectionEndEventData eventData) => GiveBackAsync(connection);

    public void ConnectionDisposed(DbConnection connection, ConnectionEndEventData eventData) => GiveBack(connection);

    public Task ConnectionDisposedAsync(DbConnection connection, ConnectionEndEventData eventData) => GiveBackAsync(connection);

    // Statements that write without a transaction: ExecuteUpdate, ExecuteDelete, ExecuteSql.
    public InterceptionResult<int> NonQueryExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<int> result)
    {
        if (command is { Transaction: null, Connection: { } connection }) Take(connection);
        return result;
    }

    public async ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        if (command is { Transaction: null, Connection: { } connection }) await TakeAsync(connection, cancellationToken);
        return result;
    }

    public int NonQueryExecuted(DbCommand command, CommandExecutedEventData eventData, int result)
    {
        GiveBack(command);
        return result;
    }

    public ValueTask<int> NonQueryExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        GiveBack(command);
        return ValueTask.FromResult(result);
    }

    public void CommandFailed(DbCommand command, CommandErrorEventData eventData) => GiveBack(command);

    public Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        GiveBack(command);
        return Task.CompletedTask;
    }

    public void CommandCanceled(DbCommand command, CommandEndEventData eventData) => GiveBack(command);

    public Task CommandCanceledAsync(DbCommand command, CommandEndEventData eventData, CancellationToken cancellationToken = default)
    {
        GiveBack(command);
        return Task.CompletedTask;
    }

    public void Dispose() => _turn.Dispose();

    private static void AlwaysInTransaction(DbContext? context)
    {
        if (context is { Database.AutoTransactionBehavior: AutoTransactionBehavior.WhenNeeded })
            context.Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
    }

    private InterceptionResult<DbTransaction> Begin(DbConnection connection, IsolationLevel isolation)
    {
        try
        {
            return InterceptionResult<DbTransaction>.SuppressWithResult(connection.BeginTransaction(isolation));
        }
        catch
        {
            GiveBack(connection);
            throw;
        }
    }

    private void Take(DbConnection connection)
    {
        if (_holders.ContainsKey(connection)) return;
        if (!_turn.Wait(patience)) throw Late();
        _holders[connection] = true;
    }

    private async Task TakeAsync(DbConnection connection, CancellationToken cancellation)
    {
        if (_holders.ContainsKey(connection)) return;
        using CancellationTokenSource late = new(patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        try
        {
            await _turn.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Late();
        }

        _holders[connection] = true;
    }

    private void GiveBack(DbCommand command)
    {
        if (command is { Transaction: null, Connection: { } connection }) GiveBack(connection);
    }

    private Task GiveBackAsync(DbConnection? connection)
    {
        GiveBack(connection);
        return Task.CompletedTask;
    }

    private void GiveBack(DbConnection? connection)
    {
        if (connection is not null && _holders.TryRemove(connection, out _)) _turn.Release();
    }

    private SqliteException Late() =>
        new($"this process' writers have kept the database for {patience.TotalSeconds:0} s; is a transaction left open?", raw.SQLITE_BUSY);
}
