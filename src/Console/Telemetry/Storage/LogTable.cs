using Microsoft.Data.Sqlite;

namespace Quintet.Console.Telemetry.Storage;

/// <summary>Log records with their text index, and hops.</summary>
internal sealed class LogTable(SqliteConnection connection, ResourceTable resources, ArrivalClock arrivals) : IDisposable
{
    private readonly Statement _insert = new(connection, """
        INSERT INTO logs (id, time, severity, resource, scope, event, body, trace_id, span_id, attributes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """, 10);
    private readonly Statement _index = new(connection, "INSERT INTO logs_text (rowid, body, attributes) VALUES ($1, $2, $3)", 3);
    private readonly Statement _insertHop = new(connection, """
        INSERT INTO hops (id, time, trace_id, event, subject, address_hash, stage, part, instance, outcome, duration, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """, 12);

    public void Add(List<LogRow> logs)
    {
        foreach (LogRow log in logs)
        {
            long id = arrivals.Next();
            _insert.Run(
                id, log.Time, log.Severity, resources.IdOf(log.Resource), log.Scope, log.Event, log.Body, log.TraceId, log.SpanId, log.Attributes);
            SearchText attributes = new();
            attributes.AddJson(log.Attributes);
            _index.Run(id, SearchText.Searchable(log.Body), attributes.ToString());
        }
    }

    public void Add(List<HopRow> hops)
    {
        foreach (HopRow hop in hops)
            _insertHop.Run(
                arrivals.Next(), hop.Time, hop.TraceId, hop.Event, hop.Subject, hop.AddressHash, hop.Stage, hop.Part, hop.Instance, hop.Outcome,
                hop.Duration, hop.Detail);
    }

    public void Dispose()
    {
        _insert.Dispose();
        _index.Dispose();
        _insertHop.Dispose();
    }
}
