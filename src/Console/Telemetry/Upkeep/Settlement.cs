using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Upkeep;

/// <summary>What became of some quiet traces.</summary>
internal sealed record Settled(int Kept, int Dropped);

/// <summary>
/// Settles traces that went quiet: counts their calls, decides whether they are kept, makes the kept ones searchable, and deletes the others.
/// All of it is one transaction, so that a crash settles a trace once or not at all.
/// </summary>
internal sealed class Settlement(IOptions<ConsoleOptions> options, TimeProvider clock)
{
    private readonly TelemetrySamplingOptions _sampling = options.Value.Telemetry.Sampling;
    private readonly SpanBudget _budget = new(options.Value.Telemetry.Sampling, clock);

    /// <summary>Settles at most <paramref name="max"/> of the traces that have been quiet for long enough.</summary>
    public Settled SettleQuiet(Store store, int max)
    {
        long before = ArrivalClock.Microseconds(clock.GetUtcNow() - _sampling.Quiet);
        int kept = 0;
        List<QuietTrace> quiet = Quiet(store.Connection, before, max);
        foreach (QuietTrace trace in quiet)
            if (Settle(store, trace)) kept++;
        return new Settled(kept, quiet.Count - kept);
    }

    private bool Settle(Store store, QuietTrace trace)
    {
        List<SettledSpan> spans = SpansOf(store.Connection, trace);
        foreach (ObservedCall call in ObservedCalls.Of(spans)) store.Calls.Add(call.From, call.To, call.Start, call.Duration, call.IsError);

        // A trace that was kept once stays: its late spans belong to it.
        bool isKept = trace.SettledThrough > 0 || trace.IsError || trace.Duration >= _sampling.Slow || _budget.Admits(trace.TraceId, spans.Count);
        if (isKept) Keep(store.Connection, trace, spans);
        else store.Traces.Delete(trace.Id);
        return isKept;
    }

    private static List<QuietTrace> Quiet(SqliteConnection connection, long before, int max)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = """
            SELECT id, trace_id, error, duration, settled_through FROM traces WHERE settled = 0 AND arrived <= $before ORDER BY arrived LIMIT $max
            """;
        command.Parameters.AddWithValue("$before", before);
        command.Parameters.AddWithValue("$max", max);
        using SqliteDataReader row = command.ExecuteReader();
        List<QuietTrace> quiet = [];
        while (row.Read())
            quiet.Add(new QuietTrace(
                row.GetInt64(0), row.GetFieldValue<byte[]>(1), row.GetBoolean(2), Nanoseconds.ToSpan(row.GetInt64(3)), row.GetInt64(4)));
        return quiet;
    }

    private static List<SettledSpan> SpansOf(SqliteConnection connection, QuietTrace trace)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = """
            SELECT s.id, s.span_id, s.parent_id, s.kind, s.name, s.start, s.duration, s.status, r.service, s.scope, s.attributes, s.message, s.events
            FROM spans s JOIN resources r ON r.id = s.resource WHERE s.trace = $trace
            """;
        command.Parameters.AddWithValue("$trace", trace.Id);
        using SqliteDataReader row = command.ExecuteReader();
        List<SettledSpan> spans = [];
        while (row.Read())
            spans.Add(new SettledSpan(
                BitConverter.ToUInt64(row.GetFieldValue<byte[]>(1)), row.IsDBNull(2) ? 0 : BitConverter.ToUInt64(row.GetFieldValue<byte[]>(2)),
                row.GetInt64(0) > trace.SettledThrough, row.GetInt32(3), row.GetString(4), row.GetInt64(5), row.GetInt64(6),
                row.GetInt32(7) == SpanRow.StatusError, row.GetString(8), row.GetString(9), row.GetString(10),
                row.IsDBNull(11) ? null : row.GetString(11), row.IsDBNull(12) ? null : row.GetString(12)));
        return spans;
    }

    private static void Keep(SqliteConnection connection, QuietTrace trace, List<SettledSpan> spans)
    {
        SearchText text = new();
        foreach (SettledSpan span in spans)
        {
            text.Add(span.Name);
            text.Add(span.Service);
            text.Add(span.Message ?? "");
            text.AddJson(span.Attributes);
            text.AddJson(span.Events);
        }

        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = """
            DELETE FROM traces_text WHERE rowid = $id;
            INSERT INTO traces_text (rowid, text) VALUES ($id, $text);
            UPDATE traces SET settled = 1, settled_through = (SELECT max(id) FROM spans WHERE trace = $id) WHERE id = $id;
            """;
        command.Parameters.AddWithValue("$id", trace.Id);
        command.Parameters.AddWithValue("$text", text.ToString());
        command.ExecuteNonQuery();
    }

    private sealed record QuietTrace(long Id, byte[] TraceId, bool IsError, TimeSpan Duration, long SettledThrough);
}
