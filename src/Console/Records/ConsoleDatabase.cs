using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Quintet.Console.Access;

namespace Quintet.Console.Records;

/// <summary>
/// What the console itself must remember: the audit log, the sessions, and the login codes that were used. One SQLite file in the data folder.
/// </summary>
internal sealed class ConsoleDatabase
{
    private readonly string _connection;

    public ConsoleDatabase(IOptions<ConsoleOptions> options)
    {
        string folder = options.Value.DataFolder;
        PrivateFolder.Create(folder);
        _connection = new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "console.db"), DefaultTimeout = 5 }.ConnectionString;
        using SqliteConnection database = Open();
        Run(database,
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE IF NOT EXISTS audit (
                id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL, origin TEXT NOT NULL,
                action TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL, outcome TEXT NOT NULL, result TEXT NOT NULL);
            CREATE INDEX IF NOT EXISTS audit_at ON audit (at);
            CREATE TABLE IF NOT EXISTS used_codes (nonce TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS sessions (
                id TEXT PRIMARY KEY, who TEXT NOT NULL, role TEXT NOT NULL, origin TEXT NOT NULL,
                began INTEGER NOT NULL, seen INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
            """);
    }

    public SqliteConnection Open()
    {
        SqliteConnection connection = new(_connection);
        connection.Open();
        Run(connection, "PRAGMA synchronous = FULL;"); // an action that was done stands in the log after a power cut, too
        return connection;
    }

    public static int Run(SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        using SqliteCommand command = Command(connection, sql, parameters);
        return command.ExecuteNonQuery();
    }

    public static SqliteCommand Command(SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // every caller passes a constant; values are parameters
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach ((string name, object value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }
}
