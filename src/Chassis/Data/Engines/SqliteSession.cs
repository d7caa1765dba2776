using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Quintet.Chassis.Data.Engines;

/// <summary>Prepares each SQLite connection as it is handed out.</summary>
internal sealed class SqliteSession(TimeSpan busyMax) : DbConnectionInterceptor
{
    // SQLite's own busy handler wakes within milliseconds; the provider's retry above it sleeps 150 ms at a time. FULL syncs the log at
    // every commit: in WAL mode NORMAL, the usual advice, may lose the last commits when the power fails.
    private readonly string _settings = string.Create(
        CultureInfo.InvariantCulture, $"PRAGMA busy_timeout={busyMax.TotalMilliseconds:0}; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON");

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = _settings;
        command.ExecuteNonQuery();
    }

    public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = _settings;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
