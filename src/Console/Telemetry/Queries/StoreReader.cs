using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Queries;

/// <summary>Answers questions, some at a time, each on one state of the store, within a time.</summary>
internal sealed class StoreReader(TelemetryFile file, IOptions<ConsoleOptions> options, TimeProvider clock) : IDisposable
{
    /// <summary>Steps of SQLite's machine between two looks at the token: well below a millisecond.</summary>
    private const int LookEvery = 10_000;

    private readonly TelemetryLimitOptions _limits = options.Value.Telemetry.Limits;
    private readonly SemaphoreSlim _turns = new(options.Value.Telemetry.Limits.QueriesMax);

    public TelemetryLimitOptions Limits => _limits;

    /// <exception cref="TimeoutException">It took longer than <c>Limits:QueryTimeout</c>.</exception>
    public async Task<T> QueryAsync<T>(Func<SqliteConnection, T> query, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(_limits.QueryTimeout, clock);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await _turns.WaitAsync(end.Token);
            try
            {
                // SQLite has no asynchronous calls: pages and requests are not held up by them.
                return await Task.Run(() => Answer(query, end.Token), end.Token);
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"the question took longer than {_limits.QueryTimeout.TotalSeconds:0.#} s; ask for a shorter time or less");
        }
    }

    public void Dispose() => _turns.Dispose();

    private T Answer<T>(Func<SqliteConnection, T> query, CancellationToken end)
    {
        using SqliteConnection connection = file.OpenForReading();
        SQLitePCL.raw.sqlite3_progress_handler(connection.Handle, LookEvery, _ => end.IsCancellationRequested ? 1 : 0, null);
        try
        {
            TelemetryFile.Run(connection, "BEGIN");
            return query(connection);
        }
        catch (SqliteException interrupted) when (interrupted.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT)
        {
            throw new OperationCanceledException("the question was given up", interrupted, end);
        }
        finally
        {
            SQLitePCL.raw.sqlite3_progress_handler(connection.Handle, 0, null, null);
            if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0) TelemetryFile.Run(connection, "ROLLBACK");
        }
    }
}
