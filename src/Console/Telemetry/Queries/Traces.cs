using Microsoft.Data.Sqlite;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Queries;

/// <summary>Traces: a list of them, and one with everything.</summary>
internal sealed class Traces(StoreReader reader)
{
    private const string Columns =
        "trace_id, root_service, root_name, root_status, start, duration, root_duration, root_orphan, error, spans, errors, services, id";

    private const string HasService = "EXISTS (SELECT 1 FROM trace_services s WHERE s.service = {0} AND s.start = t.start AND s.trace = t.id)";
    private const int StartColumn = 4;
    private const int DurationColumn = 5;
    private const int ErrorColumn = 8;
    private const int IdColumn = 12;

    public Task<TracePage> SearchAsync(TraceFilter filter, CancellationToken cancellationToken)
    {
        int limit = Math.Clamp(filter.Limit, 1, reader.Limits.RowsMax);
        string[] key = filter.Order switch
        {
            TraceOrder.Slowest => ["duration", "id"],
            TraceOrder.Errors => ["error", "start", "id"],
            _ => ["start", "id"],
        };
        return reader.QueryAsync(connection => Search(connection, filter, key, limit), cancellationToken);
    }

    /// <summary>Null when there is no span, log record or hop of it.</summary>
    public Task<TraceDetail?> GetAsync(string traceId, CancellationToken cancellationToken)
    {
        byte[] id = Ids.TraceId(traceId);
        return reader.QueryAsync(connection => Get(connection, id), cancellationToken);
    }

    private TracePage Search(SqliteConnection connection, TraceFilter filter, string[] key, int limit)
    {
        string order = string.Join(", ", key.Select(column => $"t.{column} DESC"));
        // The ids are sorted first, from an index where there is no more to filter than it holds; only those of the page are read whole.
        using Query query = new(connection, $"SELECT {Columns} FROM traces t WHERE id IN (SELECT t.id FROM ");
        if (!AddSource(query, filter)) return new TracePage([], null);
        AddConditions(query, filter);
        if (filter.Cursor is { } cursor)
        {
            string places = string.Join(", ", Enumerable.Range(0, key.Length).Select(i => $"{{{i}}}"));
            query.Where($"({string.Join(", ", key.Select(column => $"t.{column}"))}) < ({places})", Cursor.Read(cursor, key.Length));
        }

        query.Add($" ORDER BY {order} LIMIT {{0}}) ORDER BY {order}", limit + 1);
        List<(TraceEntry Trace, string Key)> rows = query.Read(row => (Read(row), KeyOf(row, filter.Order)));
        return new TracePage([.. rows.Take(limit).Select(row => row.Trace)], rows.Count > limit ? rows[limit - 1].Key : null);
    }

    /// <summary>The table that narrows most leads. False when nothing can be found.</summary>
    private bool AddSource(Query query, TraceFilter filter)
    {
        (long from, long to) = (filter.Range.FromNanoseconds, filter.Range.ToNanoseconds);
        if (!string.IsNullOrWhiteSpace(filter.Text))
        {
            if (SearchText.ToQuery(filter.Text) is not { } text) return false;
            query.Add(
                """
                (SELECT rowid AS id FROM traces_text WHERE traces_text MATCH {0} AND rowid BETWEEN {1} AND {2} ORDER BY rowid DESC LIMIT {3}) m
                CROSS JOIN traces t ON t.id = m.id
                """,
                text, filter.Range.FirstArrival, filter.Range.LastArrival, reader.Limits.TextMatchesMax);
            query.WhereGiven(HasService, filter.Service);
        }
        else if (filter.Service is { } service && filter.IsError != true)
        {
            query.Add("trace_services s CROSS JOIN traces t ON t.id = s.trace")
                .Where("s.service = {0} AND s.start >= {1} AND s.start < {2}", service, from, to);
        }
        else
        {
            // Failed traces are fewer than those of a service.
            query.Add("traces t").WhereGiven(HasService, filter.Service);
        }

        query.Where("t.start >= {0} AND t.start < {1}", from, to);
        return true;
    }

    private static void AddConditions(Query query, TraceFilter filter)
    {
        // The plain number lets SQLite use the index of failed traces.
        if (filter.IsError is { } isError) query.Where(isError ? "t.error = 1" : "t.error = 0");
        // By their whole names: a service of somebody's own may begin like them.
        if (filter.WithoutParts) query.Where("t.root_service NOT IN ('quintet-registry', 'quintet-broker', 'quintet-config', 'quintet-console')");
        query.WhereGiven("instr(lower(t.root_name), {0}) > 0", filter.Name?.ToLowerInvariant());
        query.WhereGiven("t.root_status = {0}", filter.Status);
        query.WhereGiven("t.duration >= {0}", filter.MinDuration?.Ticks * Nanoseconds.PerTick);
        query.WhereGiven("t.duration <= {0}", filter.MaxDuration?.Ticks * Nanoseconds.PerTick);
    }

    private static string KeyOf(SqliteDataReader row, TraceOrder order) => order switch
    {
        TraceOrder.Slowest => Cursor.Write(row.GetInt64(DurationColumn), row.GetInt64(IdColumn)),
        TraceOrder.Errors => Cursor.Write(row.GetInt64(ErrorColumn), row.GetInt64(StartColumn), row.GetInt64(IdColumn)),
        _ => Cursor.Write(row.GetInt64(StartColumn), row.GetInt64(IdColumn)),
    };

    private static TraceEntry Read(SqliteDataReader row) => new(
        Ids.Hex(row, 0)!, row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetInt32(3), Nanoseconds.ToTime(row.GetInt64(StartColumn)),
        Nanoseconds.ToSpan(row.GetInt64(DurationColumn)), Nanoseconds.ToSpan(row.GetInt64(6)), !row.GetBoolean(7), row.GetBoolean(ErrorColumn),
        row.GetInt32(9), row.GetInt32(10), [.. TraceTable.ServicesOf(row.GetString(11))]);

    private TraceDetail? Get(SqliteConnection connection, byte[] id)
    {
        int limit = reader.Limits.RowsMax;
        using Query query = new(connection, $"SELECT {Columns} FROM traces");
        (TraceEntry Trace, long Id) found = query.Where("trace_id = {0}", id).Read(row => (Read(row), row.GetInt64(IdColumn))).FirstOrDefault();
        List<SpanEntry> spans = found.Trace is null ? [] : Spans(connection, found.Id, limit);
        List<LogEntry> logs = Logs.OfTrace(connection, id, limit + 1);
        List<HopEntry> hops = Hops.Of(connection, "trace_id = {0}", id, limit + 1);
        if (found.Trace is null && logs.Count + hops.Count == 0) return null;

        TraceEntry trace = found.Trace ?? Spanless(id, logs, hops);
        bool isCut = trace.Spans > spans.Count || logs.Count > limit || hops.Count > limit;
        return new TraceDetail(trace, spans, [.. logs.Take(limit)], [.. hops.Take(limit)], isCut);
    }

    /// <summary>A trace that was sampled away, or whose spans were never sent, still has its logs and hops.</summary>
    private static TraceEntry Spanless(byte[] id, List<LogEntry> logs, List<HopEntry> hops)
    {
        DateTimeOffset[] times = [.. logs.Select(log => log.Time), .. hops.Select(hop => hop.Time)];
        string[] services = [.. logs.Select(log => log.Service).Concat(hops.Select(hop => hop.Part)).Distinct().Order(StringComparer.Ordinal)];
        return new TraceEntry(
            Convert.ToHexStringLower(id), services[0], "", null, times.Min(), times.Max() - times.Min(), TimeSpan.Zero, false, false, 0, 0, services);
    }

    private static List<SpanEntry> Spans(SqliteConnection connection, long trace, int limit)
    {
        using Query query = new(connection, """
            SELECT s.span_id, s.parent_id, r.service, r.instance, r.version, s.scope, s.name, s.kind, s.start, s.duration, s.status, s.message,
              s.attributes, s.events, s.links
            FROM spans s JOIN resources r ON r.id = s.resource
            """);
        return query.Where("s.trace = {0}", trace).Add(" ORDER BY s.start, s.id LIMIT {0}", limit).Read(row => new SpanEntry(
            Ids.Hex(row, 0)!, Ids.Hex(row, 1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6),
            Enum.IsDefined((SpanKind)row.GetInt32(7)) ? (SpanKind)row.GetInt32(7) : SpanKind.Unspecified, Nanoseconds.ToTime(row.GetInt64(8)),
            Nanoseconds.ToSpan(row.GetInt64(9)), row.GetInt32(10) == SpanRow.StatusError, row.IsDBNull(11) ? null : row.GetString(11),
            row.GetString(12), row.IsDBNull(13) ? null : row.GetString(13), row.IsDBNull(14) ? null : row.GetString(14)));
    }
}
