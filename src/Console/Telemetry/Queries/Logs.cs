using Microsoft.Data.Sqlite;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Queries;

/// <summary>Searches log records.</summary>
internal sealed class Logs(StoreReader reader)
{
    private const int Warning = 13;
    private const string Columns = "l.time, l.severity, r.service, r.instance, l.scope, l.event, l.body, l.trace_id, l.span_id, l.attributes, l.id";
    private const int IdColumn = 10;

    public Task<LogPage> SearchAsync(LogFilter filter, CancellationToken cancellationToken)
    {
        byte[]? trace = filter.TraceId is null ? null : Ids.TraceId(filter.TraceId);
        return reader.QueryAsync(connection => Search(connection, filter, trace), cancellationToken);
    }

    /// <summary>What an instance logged around a time, the oldest first: so many before it, and so many from it on, within an hour each.</summary>
    public Task<List<LogEntry>> AroundAsync(string instance, DateTimeOffset time, int before, int after, CancellationToken cancellationToken) =>
        reader.QueryAsync(
            connection =>
            {
                List<LogEntry> found = Beside(connection, instance, new TimeRange(time.AddHours(-1), time), "DESC", before);
                found.Reverse();
                found.AddRange(Beside(connection, instance, new TimeRange(time, time.AddHours(1)), "ASC", after));
                return found;
            },
            cancellationToken);

    public static List<LogEntry> OfTrace(SqliteConnection connection, byte[] trace, int limit)
    {
        using Query query = new(connection, $"SELECT {Columns} FROM logs l JOIN resources r ON r.id = l.resource");
        return query.Where("l.trace_id = {0}", trace).Add(" ORDER BY l.time, l.id LIMIT {0}", limit).Read(Read);
    }

    private List<LogEntry> Beside(SqliteConnection connection, string instance, TimeRange range, string direction, int count)
    {
        using Query query = new(connection, $"SELECT {Columns} FROM logs l CROSS JOIN resources r ON r.id = l.resource");
        query.Where("l.time >= {0} AND l.time < {1}", range.FromNanoseconds, range.ToNanoseconds).Where("r.instance = {0}", instance);
        return query.Add($" ORDER BY l.time {direction}, l.id {direction} LIMIT {{0}}", Math.Clamp(count, 0, reader.Limits.RowsMax)).Read(Read);
    }

    private LogPage Search(SqliteConnection connection, LogFilter filter, byte[]? trace)
    {
        int limit = Math.Clamp(filter.Limit, 1, reader.Limits.RowsMax);
        using Query query = new(connection, $"SELECT {Columns} FROM ");
        if (!AddSource(query, filter)) return new LogPage([], null);
        query.Where("l.time >= {0} AND l.time < {1}", filter.Range.FromNanoseconds, filter.Range.ToNanoseconds);
        query.WhereGiven("r.service = {0}", filter.Service).WhereGiven("r.instance = {0}", filter.Instance).WhereGiven("l.trace_id = {0}", trace);
        query.WhereGiven("l.severity >= {0}", filter.MinSeverity);
        if (filter.MinSeverity >= Warning) query.Where("l.severity >= 13"); // the plain number lets SQLite use the index of warnings
        if (filter.Cursor is { } cursor) query.Where("(l.time, l.id) < ({0}, {1})", Cursor.Read(cursor, 2));
        query.Add(" ORDER BY l.time DESC, l.id DESC LIMIT {0}", limit + 1);

        List<(LogEntry Log, string Key)> rows = query.Read(row => (Read(row), Cursor.Write(row.GetInt64(0), row.GetInt64(IdColumn))));
        return new LogPage([.. rows.Take(limit).Select(row => row.Log)], rows.Count > limit ? rows[limit - 1].Key : null);
    }

    /// <summary>False when nothing can be found.</summary>
    private bool AddSource(Query query, LogFilter filter)
    {
        if (string.IsNullOrWhiteSpace(filter.Text))
        {
            query.Add("logs l CROSS JOIN resources r ON r.id = l.resource");
            return true;
        }

        if (SearchText.ToQuery(filter.Text) is not { } text) return false;
        query.Add(
            """
            (SELECT rowid AS id FROM logs_text WHERE logs_text MATCH {0} AND rowid BETWEEN {1} AND {2} ORDER BY rowid DESC LIMIT {3}) m
            CROSS JOIN logs l ON l.id = m.id CROSS JOIN resources r ON r.id = l.resource
            """,
            text, filter.Range.FirstArrival, filter.Range.LastArrival, reader.Limits.TextMatchesMax);
        return true;
    }

    private static LogEntry Read(SqliteDataReader row) => new(
        Nanoseconds.ToTime(row.GetInt64(0)), row.GetInt32(1), row.GetString(2), row.GetString(3), row.GetString(4),
        row.IsDBNull(5) ? null : row.GetString(5), row.GetString(6), Ids.Hex(row, 7), Ids.Hex(row, 8), row.GetString(9));
}
