using Microsoft.Data.Sqlite;

namespace Quintet.Chassis.Data;

/// <summary>The service's SQLite file, asked without EF Core, whose warm-up would be most of a start that has nothing to migrate.</summary>
internal sealed class DatabaseFile(string connection)
{
    private const int SqliteError = 1; // SQLITE_ERROR: here, a table that does not exist yet
    private const int SqliteCannotOpen = 14; // SQLITE_CANTOPEN: here, a file that does not exist yet

    private readonly string _path = Path.GetFullPath(new SqliteConnectionStringBuilder(connection).DataSource);

    /// <summary>Beside the database, so that whoever uses the same file takes turns at the same lock.</summary>
    public string LockPath => $"{_path}.migration.lock";

    /// <summary>Makes the folder, for its owner alone, unless it exists.</summary>
    public void CreateFolder()
    {
        string folder = Path.GetDirectoryName(_path)!;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Whether the schema is what this build wants, so that no migration has to run.</summary>
    public async Task<bool> IsAtAsync(int chassisSteps, IReadOnlyCollection<string> migrations, CancellationToken cancellation)
    {
        SqliteConnectionStringBuilder existing = new(connection);
        if (existing.Mode == SqliteOpenMode.ReadWriteCreate) existing.Mode = SqliteOpenMode.ReadWrite;
        existing.Pooling = false;
        try
        {
            await using SqliteConnection file = new(existing.ToString());
            await file.OpenAsync(cancellation);
            await using SqliteCommand command = file.CreateCommand();
            command.CommandText = "SELECT MigrationId FROM __EFMigrationsHistory UNION ALL SELECT 'step ' || Step FROM quintet_schema";
            await using SqliteDataReader rows = await command.ExecuteReaderAsync(cancellation);
            HashSet<string> done = [];
            while (await rows.ReadAsync(cancellation)) done.Add(rows.GetString(0));
            return migrations.All(done.Contains) && done.Count(row => row.StartsWith("step ", StringComparison.Ordinal)) == chassisSteps;
        }
        catch (SqliteException fault) when (fault.SqliteErrorCode is SqliteError or SqliteCannotOpen)
        {
            return false;
        }
    }
}
