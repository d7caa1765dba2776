using System.ComponentModel.DataAnnotations;

namespace Quintet.Chassis.Data;

/// <summary>
/// Section <c>Database</c> of a service's configuration. Read at start. What the connection string itself says about one of these wins.
/// </summary>
public sealed class DatabaseOptions
{
    /// <summary>
    /// How long one statement may take, and how long one may wait for other writers of a SQLite file. Default 10 s: below the 15 s after which
    /// most callers have given up; 1 s to 10 min. Migrations have <see cref="MigrationMax"/> instead.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan CommandMax { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long connecting to a PostgreSQL server, or waiting for a free connection to it, may take. Default 3 s: a server that answers at all
    /// does so within milliseconds, and a lost packet is sent again after 1 s; 1 s to 1 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan ConnectMax { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How many connections this process may have to a PostgreSQL server. Default 20: five processes fit into a server as it is installed, which
    /// takes 100; 1 to 1000.
    /// </summary>
    [Range(1, 1000)]
    public int ConnectionsMax { get; set; } = 20;

    /// <summary>
    /// How long a start waits for a database that is away, before it gives up and the process ends. Default 5 min: a server that recovers from
    /// a crash may need minutes; 0 to 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan StartMax { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a statement of a migration may take, and how long a start waits for another process that migrates. Default 5 min: enough to
    /// rewrite a large table, short enough that a stuck neighbour becomes visible; 1 s to 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MigrationMax { get; set; } = TimeSpan.FromMinutes(5);
}
