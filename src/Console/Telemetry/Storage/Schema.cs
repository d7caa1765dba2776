namespace Quintet.Console.Telemetry.Storage;

/// <summary>
/// The tables. A row's id in <c>traces</c>, <c>spans</c>, <c>logs</c> and <c>hops</c> is the microsecond of its arrival: new rows go to the end
/// of the file, the oldest are found without an index, and texts can be searched within a time. Other times are nanoseconds since 1970.
/// </summary>
internal static class Schema
{
    /// <summary>A store of another version is put aside, not read: telemetry is worth less than a migration.</summary>
    public const int Version = 1;

    public const string Sql = """
        CREATE TABLE resources (
          id INTEGER PRIMARY KEY, service TEXT NOT NULL, instance TEXT NOT NULL, version TEXT NOT NULL, attributes TEXT NOT NULL,
          seen INTEGER NOT NULL, UNIQUE (service, instance, version, attributes));

        CREATE TABLE traces (
          id INTEGER PRIMARY KEY, trace_id BLOB NOT NULL UNIQUE, start INTEGER NOT NULL, duration INTEGER NOT NULL, error INTEGER NOT NULL,
          spans INTEGER NOT NULL, errors INTEGER NOT NULL, services TEXT NOT NULL,
          root_orphan INTEGER NOT NULL, root_start INTEGER NOT NULL, root_span BLOB NOT NULL, root_service TEXT NOT NULL,
          root_name TEXT NOT NULL, root_status INTEGER, root_duration INTEGER NOT NULL,
          arrived INTEGER NOT NULL, settled INTEGER NOT NULL DEFAULT 0, settled_through INTEGER NOT NULL DEFAULT 0);
        CREATE INDEX traces_start ON traces (start, duration, error);
        CREATE INDEX traces_unsettled ON traces (arrived) WHERE settled = 0;
        CREATE INDEX traces_failed ON traces (start) WHERE error = 1;
        CREATE TABLE trace_services (service TEXT NOT NULL, start INTEGER NOT NULL, trace INTEGER NOT NULL, PRIMARY KEY (service, start, trace))
          WITHOUT ROWID;

        CREATE TABLE spans (
          id INTEGER PRIMARY KEY, trace INTEGER NOT NULL, span_id BLOB NOT NULL, parent_id BLOB, name TEXT NOT NULL, kind INTEGER NOT NULL,
          start INTEGER NOT NULL, duration INTEGER NOT NULL, status INTEGER NOT NULL, message TEXT, resource INTEGER NOT NULL, scope TEXT NOT NULL,
          attributes TEXT NOT NULL, events TEXT, links TEXT);
        CREATE UNIQUE INDEX spans_trace ON spans (trace, span_id);
        CREATE VIRTUAL TABLE traces_text USING fts5 (text, content='', contentless_delete=1);

        CREATE TABLE logs (
          id INTEGER PRIMARY KEY, time INTEGER NOT NULL, severity INTEGER NOT NULL, resource INTEGER NOT NULL, scope TEXT NOT NULL,
          event TEXT, body TEXT NOT NULL, trace_id BLOB, span_id BLOB, attributes TEXT NOT NULL);
        CREATE INDEX logs_time ON logs (time);
        CREATE INDEX logs_warnings ON logs (time) WHERE severity >= 13;
        CREATE INDEX logs_trace ON logs (trace_id) WHERE trace_id IS NOT NULL;
        CREATE VIRTUAL TABLE logs_text USING fts5 (body, attributes, content='', contentless_delete=1);

        CREATE TABLE hops (
          id INTEGER PRIMARY KEY, time INTEGER NOT NULL, trace_id BLOB, event TEXT, subject TEXT, address_hash TEXT, stage TEXT NOT NULL,
          part TEXT NOT NULL, instance TEXT NOT NULL, outcome TEXT, duration INTEGER NOT NULL, detail TEXT NOT NULL);
        CREATE INDEX hops_stage ON hops (stage, time);
        CREATE INDEX hops_trace ON hops (trace_id) WHERE trace_id IS NOT NULL;
        CREATE INDEX hops_event ON hops (event) WHERE event IS NOT NULL;
        CREATE INDEX hops_subject ON hops (subject) WHERE subject IS NOT NULL;
        CREATE INDEX hops_address ON hops (address_hash) WHERE address_hash IS NOT NULL;

        CREATE TABLE series (
          id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, service TEXT NOT NULL, instance TEXT NOT NULL, name TEXT NOT NULL, kind INTEGER NOT NULL,
          unit TEXT NOT NULL, attributes TEXT NOT NULL, bounds BLOB,
          start INTEGER NOT NULL, time INTEGER NOT NULL, value REAL NOT NULL, count INTEGER NOT NULL, buckets BLOB);
        CREATE INDEX series_name ON series (name, service);
        CREATE TABLE points (
          series INTEGER NOT NULL, time INTEGER NOT NULL, seconds REAL NOT NULL, value REAL NOT NULL, count INTEGER NOT NULL, buckets BLOB,
          PRIMARY KEY (series, time)) WITHOUT ROWID;

        CREATE TABLE edges (
          id INTEGER PRIMARY KEY, from_kind INTEGER NOT NULL, from_name TEXT NOT NULL, to_kind INTEGER NOT NULL, to_name TEXT NOT NULL,
          UNIQUE (from_kind, from_name, to_kind, to_name));
        CREATE TABLE calls (
          time INTEGER NOT NULL, edge INTEGER NOT NULL, count INTEGER NOT NULL, errors INTEGER NOT NULL, durations BLOB NOT NULL,
          PRIMARY KEY (time, edge)) WITHOUT ROWID;
        """;
}
