using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Quintet.Console.Telemetry.Storage;

/// <summary>What a caller or a called one is.</summary>
internal enum PeerKind
{
    /// <summary>Whoever came without a span: browsers, mostly. It has no name.</summary>
    Outside,

    /// <summary>Something that sends telemetry.</summary>
    Service,

    /// <summary>A database, by system and name.</summary>
    Database,

    /// <summary>An exchange of the broker.</summary>
    Exchange,

    /// <summary>A queue of the broker.</summary>
    Queue,

    /// <summary>A mail server or a pickup folder.</summary>
    Mail,

    /// <summary>A host that sends no telemetry.</summary>
    Host,
}

/// <summary>One end of a call.</summary>
internal sealed record Peer(PeerKind Kind, string Name)
{
    public static Peer Outside { get; } = new(PeerKind.Outside, "");
}

/// <summary>Calls between peers, added up for 10 s each with the distribution of their durations.</summary>
internal sealed class CallTable(SqliteConnection connection, int max) : IDisposable
{
    private const string Other = "other";

    private readonly Dictionary<(Peer From, Peer To), long> _edges = [];
    private readonly Statement _note = new(connection, """
        INSERT INTO edges (from_kind, from_name, to_kind, to_name) VALUES ($1, $2, $3, $4) ON CONFLICT DO UPDATE SET to_name = to_name RETURNING id
        """, 4);
    private readonly Statement _count = new(connection, "SELECT count(*) FROM edges", 0);
    private readonly Statement _find = new(connection, "SELECT id FROM edges WHERE from_kind = $1 AND from_name = $2 AND to_kind = $3 AND to_name = $4", 4);
    private readonly Statement _durations = new(connection, "SELECT durations FROM calls WHERE time = $1 AND edge = $2", 2);
    private readonly Statement _add = new(connection, """
        INSERT INTO calls (time, edge, count, errors, durations) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO UPDATE SET count = count + excluded.count, errors = errors + excluded.errors, durations = excluded.durations
        """, 5);

    public void Add(Peer from, Peer to, long start, long duration, bool isError)
    {
        long edge = EdgeOf(from, to);
        long time = start / Nanoseconds.PerSecond / SeriesTable.PointSeconds * SeriesTable.PointSeconds;
        long[] durations = new long[SteadyBounds.All.Length + 1];
        durations[SteadyBounds.BucketOf(duration / (double)Nanoseconds.PerSecond)]++;
        if (_durations.Value(time, edge) is byte[] there) Buckets.AddTo(durations, there);
        _add.Run(time, edge, 1, isError ? 1 : 0, Buckets.Write(durations));
    }

    /// <summary>After a rollback or a deletion.</summary>
    public void Forget() => _edges.Clear();

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_note, _count, _find, _durations, _add]) statement.Dispose();
    }

    private long EdgeOf(Peer caller, Peer called)
    {
        if (_edges.TryGetValue((caller, called), out long known)) return known;
        object? found = _find.Value((int)caller.Kind, caller.Name, (int)called.Kind, called.Name);
        if (found is null && Number(_count.Value()) >= max)
        {
            // Names from attributes may be endless, kinds are not.
            if (caller.Kind != PeerKind.Outside) caller = caller with { Name = Other };
            called = called with { Name = Other };
        }

        long id = Number(found ?? _note.Value((int)caller.Kind, caller.Name, (int)called.Kind, called.Name));
        if (_edges.Count >= max) _edges.Clear();
        return _edges[(caller, called)] = id;
    }

    private static long Number(object? value) => Convert.ToInt64(value, CultureInfo.InvariantCulture);
}
