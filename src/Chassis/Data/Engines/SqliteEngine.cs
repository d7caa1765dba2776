using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SQLitePCL;

namespace Quintet.Chassis.Data.Engines;

/// <summary>One file beside the service, written by one process at a time.</summary>
internal sealed class SqliteEngine : DatabaseEngine, IDisposable
{
    private readonly string _connection;
    private readonly string _existing;
    private readonly string _path;
    private readonly SqliteSession _session;
    private readonly SqliteTurns _turns;

    public SqliteEngine(SqliteConnectionStringBuilder given, DatabaseOptions options, TimeProvider time)
    {
        SqliteConnectionStringBuilder complete = DatabaseAddress.Over(
            new SqliteConnectionStringBuilder { DefaultTimeout = (int)Math.Ceiling(options.CommandMax.TotalSeconds) }, given);
        _connection = complete.ToString();
        _path = Path.GetFullPath(complete.DataSource);
        _session = new SqliteSession(options.CommandMax);
        _turns = new SqliteTurns(options.CommandMax, time);

        if (complete.Mode == SqliteOpenMode.ReadWriteCreate) complete.Mode = SqliteOpenMode.ReadWrite;
        complete.Pooling = false;
        _existing = complete.ToString();
    }

    public override string Kind => "SQLite";

    public override string Place => _path;

    public override void Configure(DbContextOptionsBuilder options) => options.UseSqlite(_connection).AddInterceptors(_session, _turns);

    public override string WordingOf(ChassisStep step) => step.Sqlite;

    public override async Task<IAsyncDisposable> TakeTurnAsync(DbContext db, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        CreateFolder(Path.GetDirectoryName(_path)!);
        // Beside the database, so that whoever uses the same file takes turns at the same lock.
        FileLock turn = await FileLock.TakeAsync($"{_path}.migration.lock", patience, time, cancellation);
        try
        {
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL", cancellation);
            // EF Core's own lock is a row that survives the death of its owner, and the next start then waits for it for ever. The file
            // lock held here already keeps others out, so what is left in that table is a dead process' leftover.
            await db.Database.ExecuteSqlRawAsync("""DROP TABLE IF EXISTS "__EFMigrationsLock" """, cancellation);
            return turn;
        }
        catch
        {
            await turn.DisposeAsync();
            throw;
        }
    }

    public void Dispose() => _turns.Dispose();

    protected override async Task<DbConnection> OpenExistingAsync(CancellationToken cancellation)
    {
        SqliteConnection connection = new(_existing);
        try
        {
            await connection.OpenAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    // SQLITE_ERROR is a table that does not exist yet, SQLITE_CANTOPEN a file that does not.
    protected override bool IsMissing(DbException fault) =>
        fault is SqliteException { SqliteErrorCode: raw.SQLITE_ERROR or raw.SQLITE_CANTOPEN };

    protected override bool IsPassing(Exception fault) =>
        fault is SqliteException { SqliteErrorCode: raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_CANTOPEN or raw.SQLITE_FULL };

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
