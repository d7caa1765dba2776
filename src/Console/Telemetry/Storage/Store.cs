using Microsoft.Data.Sqlite;
using Quintet.Console.Telemetry.Reading;

namespace Quintet.Console.Telemetry.Storage;

/// <summary>The tables as the one writer sees them, within its transaction.</summary>
internal sealed class Store : IDisposable
{
    private readonly ResourceTable _resources;
    private readonly LogTable _logs;
    private readonly SeriesTable _series;

    public Store(SqliteConnection connection, TelemetryLimitOptions limits, TimeProvider clock)
    {
        Connection = connection;
        long last = TelemetryFile.Number(connection, """
            SELECT max(coalesce((SELECT max(id) FROM traces), 0), coalesce((SELECT max(id) FROM spans), 0), coalesce((SELECT max(id) FROM logs), 0),
              coalesce((SELECT max(id) FROM hops), 0), coalesce((SELECT max(arrived) FROM traces WHERE settled = 0), 0))
            """);
        ArrivalClock arrivals = new(clock, last);
        _resources = new ResourceTable(connection, clock);
        _logs = new LogTable(connection, _resources, arrivals);
        _series = new SeriesTable(connection, limits.SeriesMax);
        Traces = new TraceTable(connection, _resources, arrivals);
        Calls = new CallTable(connection, limits.CallsMax);
    }

    public SqliteConnection Connection { get; }

    public TraceTable Traces { get; }

    public CallTable Calls { get; }

    /// <summary>Adds all of it and gives the number of points that no series was left for.</summary>
    public int Add(Batch batch)
    {
        if (batch.Spans.Count > 0) Traces.Add(batch.Spans);
        if (batch.Logs.Count > 0) _logs.Add(batch.Logs);
        if (batch.Hops.Count > 0) _logs.Add(batch.Hops);
        foreach (HopRow mail in batch.Hops.Where(hop => hop.Stage == HopRow.Mail))
            Calls.Add(new Peer(PeerKind.Service, mail.Part), new Peer(PeerKind.Mail, "mail"), mail.Time, mail.Duration, mail.Outcome == HopRow.Failed);
        return batch.Points.Count > 0 ? _series.Add(batch.Points) : 0;
    }

    /// <summary>After a rollback or a deletion: what is held in memory may be in the file no longer.</summary>
    public void Forget()
    {
        _resources.Forget();
        _series.Recount();
        Calls.Forget();
    }

    public void Dispose()
    {
        Traces.Dispose();
        Calls.Dispose();
        _logs.Dispose();
        _series.Dispose();
        _resources.Dispose();
        Connection.Dispose();
    }
}
