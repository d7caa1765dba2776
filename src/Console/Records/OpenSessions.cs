using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Quintet.Console.Access;

namespace Quintet.Console.Records;

/// <summary>
/// The logins that last, until they end by themselves, by a logout, or by an operator. A cookie is good for as long as its session is here, and
/// a restart of the console changes nothing about that. Thread-safe.
/// </summary>
internal sealed class OpenSessions
{
    private const int IdLength = 12;

    private static readonly TimeSpan SeenStep = TimeSpan.FromMinutes(1);

    private readonly ConsoleDatabase _records;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, OpenSession> _open = new(StringComparer.Ordinal);

    public OpenSessions(ConsoleDatabase records, TimeProvider time)
    {
        (_records, _time) = (records, time);
        using SqliteConnection database = records.Open();
        using SqliteCommand command = ConsoleDatabase.Command(database, "SELECT id, who, role, origin, began, seen, until FROM sessions");
        using SqliteDataReader rows = command.ExecuteReader();
        while (rows.Read())
            _open[rows.GetString(0)] = new OpenSession(
                rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), At(rows, 4), At(rows, 5), At(rows, 6));
    }

    /// <summary>Told the id of each session that ends before its time, on the thread that ended it.</summary>
    public event Action<string>? Ended;

    /// <summary>Those that are good now; the newest first.</summary>
    public IReadOnlyList<OpenSession> All
    {
        get
        {
            DateTimeOffset now = _time.GetUtcNow();
            return [.. _open.Values.Where(s => s.Until > now).OrderByDescending(s => s.Began)];
        }
    }

    /// <summary>Begins one.</summary>
    /// <returns>The actor with it.</returns>
    public Actor Begin(Actor actor)
    {
        DateTimeOffset now = _time.GetUtcNow();
        OpenSession session = new(
            RandomNumberGenerator.GetHexString(IdLength, lowercase: true), actor.Name, actor.Role.ToString(), actor.Address, now, now, actor.Until);
        using SqliteConnection database = _records.Open();
        ConsoleDatabase.Run(database, "DELETE FROM sessions WHERE until < $now", ("$now", now.ToUnixTimeMilliseconds()));
        foreach (OpenSession old in _open.Values.Where(s => s.Until < now)) _open.TryRemove(old.Id, out _);
        ConsoleDatabase.Run(database,
            "INSERT INTO sessions (id, who, role, origin, began, seen, until) VALUES ($id, $who, $role, $origin, $began, $began, $until)",
            ("$id", session.Id), ("$who", session.Who), ("$role", session.Role), ("$origin", session.From),
            ("$began", now.ToUnixTimeMilliseconds()), ("$until", session.Until.ToUnixTimeMilliseconds()));
        _open[session.Id] = session;
        return actor with { Session = session.Id };
    }

    /// <summary>Whether it is good; if so it was seen now.</summary>
    public bool Sees(string id)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (!_open.TryGetValue(id, out OpenSession? session) || session.Until <= now) return false;
        if (now - session.Seen < SeenStep || !_open.TryUpdate(id, session with { Seen = now }, session)) return true;
        using SqliteConnection database = _records.Open();
        ConsoleDatabase.Run(database, "UPDATE sessions SET seen = $seen WHERE id = $id", ("$seen", now.ToUnixTimeMilliseconds()), ("$id", id));
        return true;
    }

    /// <summary>Ends one; null when there is none.</summary>
    public OpenSession? End(string id)
    {
        using SqliteConnection database = _records.Open();
        ConsoleDatabase.Run(database, "DELETE FROM sessions WHERE id = $id", ("$id", id));
        if (!_open.TryRemove(id, out OpenSession? session)) return null;
        Ended?.Invoke(id);
        return session;
    }

    private static DateTimeOffset At(SqliteDataReader rows, int column) => DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(column));
}
