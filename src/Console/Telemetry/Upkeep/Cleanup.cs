using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Upkeep;

/// <summary>What one step of cleaning up did.</summary>
internal sealed record Cleaned(string Kind, int Rows);

/// <summary>Deletes what is too old, and the oldest traces, logs and hops while the file is too big; each step is a small transaction.</summary>
internal sealed class Cleanup(IOptions<ConsoleOptions> options, TimeProvider clock)
{
    /// <summary>Pages given back to the system by one step: 4 MiB.</summary>
    private const int VacuumPages = 1024;

    /// <summary>By how much of its age a kind becomes younger at most in one step.</summary>
    private const double ShareOfStep = 0.05;

    private readonly TelemetryKeepOptions _keep = options.Value.Telemetry.Keep;

    /// <summary>One step; null when there is nothing more to do.</summary>
    public Cleaned? Step(Store store)
    {
        Cleaned? step = Aged(store) ?? TooMany(store);
        if (step is not null) TelemetryFile.Run(store.Connection, $"PRAGMA incremental_vacuum({VacuumPages})");
        return step;
    }

    /// <summary>What has no owner any more: seldom looked for, since it is small.</summary>
    public int Sweep(Store store)
    {
        TimeSpan longest = new[] { _keep.Traces, _keep.Logs, _keep.Metrics, _keep.Hops }.Max();
        int swept = Run(store.Connection, "DELETE FROM resources WHERE seen < $1", Nanoseconds.Of(clock.GetUtcNow() - longest - TimeSpan.FromHours(1)));
        swept += Run(store.Connection, "DELETE FROM series WHERE time < $1", Nanoseconds.Of(clock.GetUtcNow() - _keep.Metrics));
        swept += Run(store.Connection, "DELETE FROM edges WHERE id NOT IN (SELECT edge FROM calls)");
        store.Forget();
        return swept;
    }

    public static long BytesInUse(SqliteConnection connection) =>
        (TelemetryFile.Number(connection, "PRAGMA page_count") - TelemetryFile.Number(connection, "PRAGMA freelist_count"))
        * TelemetryFile.Number(connection, "PRAGMA page_size");

    private Cleaned? Aged(Store store)
    {
        SqliteConnection connection = store.Connection;
        return DeleteTraces(store, Arrived(_keep.Traces))
            ?? DeleteLogs(connection, Arrived(_keep.Logs))
            ?? DeleteHops(connection, Arrived(_keep.Hops))
            ?? DeleteCalls(connection, Second(_keep.Traces))
            ?? DeletePoints(connection, Second(_keep.Metrics));
    }

    /// <summary>
    /// The times for which things are kept shrink together: what is oldest in proportion to its own goes first. So no kind, however many of it come,
    /// drives the others out or fills the disk.
    /// </summary>
    private Cleaned? TooMany(Store store)
    {
        SqliteConnection connection = store.Connection;
        if (BytesInUse(connection) <= _keep.BytesMax) return null;
        (long Oldest, TimeSpan Keep, Func<long, Cleaned?> Delete)[] kinds =
        [
            (Oldest("traces"), _keep.Traces, before => DeleteTraces(store, before)),
            (Oldest("logs"), _keep.Logs, before => DeleteLogs(connection, before)),
            (Oldest("hops"), _keep.Hops, before => DeleteHops(connection, before)),
        ];
        long now = ArrivalClock.Microseconds(clock.GetUtcNow());
        (long oldest, _, Func<long, Cleaned?> delete) = kinds.MaxBy(kind => (now - kind.Oldest) / kind.Keep.TotalMicroseconds);
        // A little of its time in one step, or a kind of which few came would lose all of it.
        return oldest == long.MaxValue ? null : delete(Math.Max(oldest + 1, oldest + (long)((now - oldest) * ShareOfStep)));

        long Oldest(string table) => TelemetryFile.Number(connection, $"SELECT coalesce(min(id), {long.MaxValue}) FROM {table}");
    }

    /// <summary>Whole traces, as many as have a batch of spans together.</summary>
    private Cleaned? DeleteTraces(Store store, long before)
    {
        int deleted = 0;
        while (deleted < _keep.CleanupBatch)
        {
            long oldest = TelemetryFile.Number(store.Connection, "SELECT coalesce(min(id), -1) FROM traces");
            if (oldest < 0 || oldest >= before) break;
            deleted += store.Traces.Delete(oldest);
        }

        return Some("spans", deleted);
    }

    private Cleaned? DeleteLogs(SqliteConnection connection, long before)
    {
        long last = TelemetryFile.Number(
            connection, $"SELECT coalesce(max(id), -1) FROM (SELECT id FROM logs WHERE id < {before} ORDER BY id LIMIT {_keep.CleanupBatch})");
        if (last < 0) return null;
        Run(connection, "DELETE FROM logs_text WHERE rowid IN (SELECT id FROM logs WHERE id <= $1)", last);
        return Some("logs", Run(connection, "DELETE FROM logs WHERE id <= $1", last));
    }

    private Cleaned? DeleteHops(SqliteConnection connection, long before) => Some("hops", Run(
        connection, "DELETE FROM hops WHERE id IN (SELECT id FROM hops WHERE id < $1 ORDER BY id LIMIT $2)", before, _keep.CleanupBatch));

    private static Cleaned? DeleteCalls(SqliteConnection connection, long before) => Some("calls", Run(
        connection, "DELETE FROM calls WHERE time IN (SELECT DISTINCT time FROM calls WHERE time < $1 ORDER BY time LIMIT 10)", before));

    /// <summary>Points have no index by time alone: a batch of old ones is taken from the first series that has some.</summary>
    private Cleaned? DeletePoints(SqliteConnection connection, long before) =>
        Some("points", Run(
            connection,
            """
            DELETE FROM points WHERE (series, time) IN (
              SELECT p.series, p.time FROM series s JOIN points p ON p.series = s.id AND p.time < $1 LIMIT $2)
            """,
            before, _keep.CleanupBatch));

    private long Arrived(TimeSpan age) => ArrivalClock.Microseconds(clock.GetUtcNow() - age);

    private long Second(TimeSpan age) => (clock.GetUtcNow() - age).ToUnixTimeSeconds();

    private static Cleaned? Some(string kind, int rows) => rows > 0 ? new Cleaned(kind, rows) : null;

    private static int Run(SqliteConnection connection, string sql, params ReadOnlySpan<long> values)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < values.Length; i++) command.Parameters.AddWithValue($"${i + 1}", values[i]);
        return command.ExecuteNonQuery();
    }
}
