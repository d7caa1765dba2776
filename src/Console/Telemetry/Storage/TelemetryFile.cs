using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Quintet.Console.Telemetry.Storage;

/// <summary>
/// The file <c>telemetry.db</c>. It has a write-ahead log, one writer and any number of readers. With <c>synchronous=NORMAL</c> a commit
/// survives the end of the process, however sudden; a failure of the power may take the last commits, and never the file.
/// </summary>
internal sealed partial class TelemetryFile(IOptions<ConsoleOptions> options, ILogger<TelemetryFile> logger)
{
    private const int SchemaError = 1;

    public string Path => System.IO.Path.Combine(System.IO.Path.GetFullPath(options.Value.DataFolder), "telemetry.db");

    /// <summary>The writer's connection, with the tables made. There is one.</summary>
    public SqliteConnection OpenForWriting()
    {
        MakePrivate();
        SqliteConnection connection = Open(pooling: false);
        long version = Number(connection, "PRAGMA user_version");
        if (version != 0 && version != Schema.Version)
        {
            connection.Dispose();
            PutAside(version);
            MakePrivate();
            connection = Open(pooling: false);
            version = 0;
        }

        // Pages are given back in small portions; this must be said before the first table is made.
        Run(connection, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=33554432");
        Run(connection, "PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY");
        if (version == 0) Run(connection, $"BEGIN; {Schema.Sql} PRAGMA user_version={Schema.Version}; COMMIT");
        return connection;
    }

    /// <summary>A reader's connection from the pool. What it sees is the last commit at the time of its first statement.</summary>
    public SqliteConnection OpenForReading()
    {
        SqliteConnection connection = Open(pooling: true);
        Run(connection, "PRAGMA query_only=1; PRAGMA cache_size=-4096; PRAGMA temp_store=MEMORY");
        return connection;
    }

    /// <summary>Closes what the pool holds open.</summary>
    public void CloseReaders()
    {
        using SqliteConnection connection = new(ConnectionString(pooling: true));
        SqliteConnection.ClearPool(connection);
    }

    public static long Number(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    public static void Run(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private SqliteConnection Open(bool pooling)
    {
        SqliteConnection connection = new(ConnectionString(pooling));
        try
        {
            connection.Open();
            return connection;
        }
        catch (SqliteException fault)
        {
            connection.Dispose();
            throw new IOException($"Console:DataFolder: {Path} cannot be opened: {fault.Message}", fault);
        }
    }

    private string ConnectionString(bool pooling) =>
        new SqliteConnectionStringBuilder { DataSource = Path, Pooling = pooling, DefaultTimeout = 30 }.ToString();

    /// <summary>Logs may tell of people: the file is its owner's alone, and SQLite gives the files beside it the same rights.</summary>
    private void MakePrivate()
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
            if (OperatingSystem.IsWindows() || File.Exists(Path)) return;
            new FileStream(Path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }).Dispose();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Console:DataFolder: {Path} cannot be made: {fault.Message}", fault);
        }
    }

    private void PutAside(long version)
    {
        string aside = $"{Path}.version-{version}";
        foreach (string suffix in (string[])["", "-wal", "-shm"])
            if (File.Exists(Path + suffix)) File.Move(Path + suffix, aside + suffix, overwrite: true);
        Log.PutAside(logger, aside);
    }

    private static partial class Log
    {
        [LoggerMessage(SchemaError, LogLevel.Warning, "The telemetry store is of another version and begins anew; the old one is now {File}")]
        public static partial void PutAside(ILogger logger, string file);
    }
}
