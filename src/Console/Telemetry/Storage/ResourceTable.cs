using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Quintet.Console.Telemetry.Storage;

/// <summary>Who sent something. There are few, and each row of the other tables names one.</summary>
internal sealed class ResourceTable(SqliteConnection connection, TimeProvider clock) : IDisposable
{
    private const int RememberedMax = 10_000;

    /// <summary>How often it is noted that a resource still sends, so that its row is not deleted as too old.</summary>
    private static readonly TimeSpan NotedEvery = TimeSpan.FromMinutes(10);

    private readonly Dictionary<ResourceRow, (long Id, DateTimeOffset Noted)> _remembered = [];
    private readonly Statement _note = new(connection, """
        INSERT INTO resources (service, instance, version, attributes, seen) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO UPDATE SET seen = excluded.seen RETURNING id
        """, 5);

    public long IdOf(ResourceRow resource)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (_remembered.TryGetValue(resource, out (long Id, DateTimeOffset Noted) known) && now - known.Noted < NotedEvery) return known.Id;

        object? id = _note.Value(resource.Service, resource.Instance, resource.Version, resource.Attributes, Nanoseconds.Of(now));
        known = (Convert.ToInt64(id, CultureInfo.InvariantCulture), now);
        if (_remembered.Count >= RememberedMax) _remembered.Clear();
        _remembered[resource] = known;
        return known.Id;
    }

    /// <summary>After a rollback or a deletion: what is remembered may be there no longer.</summary>
    public void Forget() => _remembered.Clear();

    public void Dispose() => _note.Dispose();
}
