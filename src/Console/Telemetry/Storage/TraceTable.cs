using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Quintet.Console.Telemetry.Storage;

/// <summary>Spans, and the summaries of their traces, which are kept up to date as spans come in any order.</summary>
internal sealed class TraceTable(SqliteConnection connection, ResourceTable resources, ArrivalClock arrivals) : IDisposable
{
    private readonly Statement _find = new(connection, """
        SELECT id, start, duration, spans, errors, services, root_orphan, root_start, root_span, root_service, root_name, root_status, root_duration
        FROM traces WHERE trace_id = $1
        """, 1);
    private readonly Statement _insertSpan = new(connection, """
        INSERT INTO spans (id, trace, span_id, parent_id, name, kind, start, duration, status, message, resource, scope, attributes, events, links)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (trace, span_id) DO NOTHING
        """, 15);
    private readonly Statement _save = new(connection, """
        INSERT INTO traces (id, trace_id, start, duration, error, spans, errors, services, root_orphan, root_start, root_span, root_service, root_name,
          root_status, root_duration, arrived)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        ON CONFLICT (id) DO UPDATE SET start = excluded.start, duration = excluded.duration, error = excluded.error, spans = excluded.spans,
          errors = excluded.errors, services = excluded.services, root_orphan = excluded.root_orphan, root_start = excluded.root_start,
          root_span = excluded.root_span, root_service = excluded.root_service, root_name = excluded.root_name, root_status = excluded.root_status,
          root_duration = excluded.root_duration, arrived = excluded.arrived, settled = 0
        """, 16);
    private readonly Statement _addService = new(connection, "INSERT INTO trace_services (service, start, trace) VALUES ($1, $2, $3)", 3);
    private readonly Statement _dropService = new(connection, "DELETE FROM trace_services WHERE service = $1 AND start = $2 AND trace = $3", 3);
    private readonly Statement _services = new(connection, "SELECT start, services FROM traces WHERE id = $1", 1);
    private readonly Statement _dropSpans = new(connection, "DELETE FROM spans WHERE trace = $1", 1);
    private readonly Statement _dropText = new(connection, "DELETE FROM traces_text WHERE rowid = $1", 1);
    private readonly Statement _dropTrace = new(connection, "DELETE FROM traces WHERE id = $1", 1);

    public void Add(List<SpanRow> spans)
    {
        foreach (IGrouping<UInt128, SpanRow> trace in spans.GroupBy(span => KeyOf(span.TraceId))) Add(trace.First().TraceId, trace);
    }

    /// <summary>Deletes a trace with its spans, and gives their number.</summary>
    public int Delete(long trace)
    {
        using (SqliteDataReader row = _services.Read(trace))
            if (row.Read()) DropServices(trace, row.GetInt64(0), ServicesOf(row.GetString(1)));
        int spans = _dropSpans.Run(trace);
        _dropText.Run(trace);
        _dropTrace.Run(trace);
        return spans;
    }

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_find, _insertSpan, _save, _addService, _dropService, _services, _dropSpans, _dropText, _dropTrace])
            statement.Dispose();
    }

    public static ImmutableSortedSet<string> ServicesOf(string json) =>
        JsonSerializer.Deserialize<string[]>(json)!.ToImmutableSortedSet(StringComparer.Ordinal);

    private static UInt128 KeyOf(byte[] traceId) => System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(traceId);

    private void Add(byte[] traceId, IEnumerable<SpanRow> spans)
    {
        (long id, TraceSummary? before) = Find(traceId);
        TraceSummary? after = before;
        foreach (SpanRow span in spans)
        {
            // An exporter that lost the answer sends its spans again: they count once.
            if (!Insert(id, span)) continue;
            TraceSummary one = TraceSummary.Of(span);
            after = after is null ? one : after.Merge(one);
        }

        if (after is not null && !ReferenceEquals(after, before)) Save(id, traceId, before, after);
    }

    private (long Id, TraceSummary? Summary) Find(byte[] traceId)
    {
        using SqliteDataReader row = _find.Read(traceId);
        if (!row.Read()) return (arrivals.Next(), null);
        long start = row.GetInt64(1);
        return (row.GetInt64(0), new TraceSummary(
            start, start + row.GetInt64(2), row.GetInt32(3), row.GetInt32(4), ServicesOf(row.GetString(5)),
            new RootSpan(
                row.GetBoolean(6), row.GetInt64(7), row.GetFieldValue<byte[]>(8), row.GetString(9), row.GetString(10),
                row.IsDBNull(11) ? null : row.GetInt32(11), row.GetInt64(12))));
    }

    private bool Insert(long trace, SpanRow span) => _insertSpan.Run(
        arrivals.Next(), trace, span.SpanId, span.ParentId, span.Name, span.Kind, span.Start, span.Duration, span.Status, span.Message,
        resources.IdOf(span.Resource), span.Scope, span.Attributes, span.Events, span.Links) == 1;

    private void Save(long id, byte[] traceId, TraceSummary? before, TraceSummary after)
    {
        RootSpan root = after.Root;
        _save.Run(
            id, traceId, after.Start, after.Duration, after.Errors > 0 ? 1 : 0, after.Spans, after.Errors, JsonSerializer.Serialize(after.Services),
            root.IsOrphan ? 1 : 0, root.Start, root.SpanId, root.Service, root.Name, root.Status, root.Duration, arrivals.Next());
        if (before is not null && before.Start == after.Start && before.Services.Count == after.Services.Count) return;
        if (before is not null) DropServices(id, before.Start, before.Services);
        foreach (string service in after.Services) _addService.Run(service, after.Start, id);
    }

    private void DropServices(long id, long start, ImmutableSortedSet<string> services)
    {
        foreach (string service in services) _dropService.Run(service, start, id);
    }
}
