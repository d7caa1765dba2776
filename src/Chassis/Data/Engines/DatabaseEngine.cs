using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Quintet.Chassis.Data.Engines;

/// <summary>What the databases that a service may stand on do each in their own way; everything else in the chassis is the same for all.</summary>
internal abstract class DatabaseEngine
{
    /// <summary>What it is, for people.</summary>
    public abstract string Kind { get; }

    /// <summary>What and where it is, for messages: without credentials.</summary>
    public abstract string Place { get; }

    /// <summary>Lets EF Core work on it.</summary>
    public abstract void Configure(DbContextOptionsBuilder options);

    /// <summary>Its own wording of a step of the chassis' tables.</summary>
    public abstract string WordingOf(ChassisStep step);

    /// <summary>
    /// Waits until no other process migrates this database, and keeps others out until the result is disposed or this process is dead,
    /// however it dies.
    /// </summary>
    /// <exception cref="TimeoutException">Somebody else migrated for all of <paramref name="patience"/>.</exception>
    public abstract Task<IAsyncDisposable> TakeTurnAsync(DbContext db, TimeSpan patience, TimeProvider time, CancellationToken cancellation);

    /// <summary>Whether a fault passes without anybody's doing: the database is away, is starting, or was locked for too long.</summary>
    public bool IsUnavailable(Exception? fault) => fault is not null && (IsPassing(fault) || IsUnavailable(fault.InnerException));

    /// <summary>
    /// Whether the schema is what this build wants, so that no migration has to run. Asked without EF Core, whose warm-up would be most of a
    /// start that has nothing to migrate.
    /// </summary>
    public async Task<bool> IsAtAsync(int chassisSteps, IReadOnlyCollection<string> migrations, CancellationToken cancellation)
    {
        try
        {
            await using DbConnection connection = await OpenExistingAsync(cancellation);
            await using DbCommand command = connection.CreateCommand();
            command.CommandText = """SELECT "MigrationId" FROM "__EFMigrationsHistory" UNION ALL SELECT 'step ' || "Step" FROM quintet_schema""";
            await using DbDataReader rows = await command.ExecuteReaderAsync(cancellation);
            HashSet<string> done = [];
            while (await rows.ReadAsync(cancellation)) done.Add(rows.GetString(0));
            return migrations.All(done.Contains) && done.Count(row => row.StartsWith("step ", StringComparison.Ordinal)) == chassisSteps;
        }
        catch (DbException fault) when (IsMissing(fault))
        {
            return false;
        }
    }

    /// <summary>Reads a little of a migrated database, to see whether it can be reached.</summary>
    public async Task ProbeAsync(CancellationToken cancellation)
    {
        await using DbConnection connection = await OpenExistingAsync(cancellation);
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM quintet_schema";
        await command.ExecuteScalarAsync(cancellation);
    }

    /// <summary>Opens a connection without making the database.</summary>
    protected abstract Task<DbConnection> OpenExistingAsync(CancellationToken cancellation);

    /// <summary>Whether a fault means that database or table do not exist yet.</summary>
    protected abstract bool IsMissing(DbException fault);

    /// <summary>Whether this very exception, whatever it wraps, is one of those that pass.</summary>
    protected abstract bool IsPassing(Exception fault);
}
