using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Quintet.Chassis.Data.Engines;

/// <summary>A database of its own on a PostgreSQL server.</summary>
internal sealed class PostgresEngine : DatabaseEngine, IAsyncDisposable, IDisposable
{
    // Any number, as long as it is always the same: every instance of the service asks for this one in the service's own database.
    private const long MigrationLock = 0x7175696E746574; // "quintet"

    // A server that vanished with its machine is noticed by a connection that waits without a limit of its own after this and four tries.
    private const int SilenceSeconds = 30;
    private const int SilenceRetrySeconds = 5;

    // When the connection ends between two steps of a transaction, Npgsql knows at the next one only that the transaction is over, and says so as
    // if the service had ended it twice. EF Core does not let a service do that, so it is taken for what it is; nothing but the words tell it.
    private const string LostTransaction = "Transaction is already completed";

    private readonly NpgsqlDataSource _source;

    public PostgresEngine(NpgsqlConnectionStringBuilder given, DatabaseOptions options, string applicationName)
    {
        NpgsqlConnectionStringBuilder complete = Complete(given, options, applicationName);
        _source = NpgsqlDataSource.Create(complete);
        Place = $"PostgreSQL at {complete.Host}:{complete.Port}, database {complete.Database ?? complete.Username}";
    }

    public override string Kind => "PostgreSQL";

    public override string Place { get; }

    /// <summary>What was given, with the options where it says nothing.</summary>
    public static NpgsqlConnectionStringBuilder Complete(NpgsqlConnectionStringBuilder given, DatabaseOptions options, string applicationName)
    {
        NpgsqlConnectionStringBuilder defaults = new()
        {
            ApplicationName = applicationName,
            MaxPoolSize = options.ConnectionsMax,
            Timeout = Seconds(options.ConnectMax),
            CommandTimeout = Seconds(options.CommandMax),
            GssEncryptionMode = GssEncryptionMode.Disable, // a question more to each new connection, and to the one that cancels a statement
            TcpKeepAlive = true,
            TcpKeepAliveTime = SilenceSeconds,
            TcpKeepAliveInterval = SilenceRetrySeconds,
        };
        NpgsqlConnectionStringBuilder complete = DatabaseAddress.Over(defaults, given);
        complete.IncludeErrorDetail = false; // the detail of a refused duplicate is the duplicate, somebody's address for example
        return complete;
    }

    public override void Configure(DbContextOptionsBuilder options) => options.UseNpgsql(_source);

    public override string WordingOf(ChassisStep step) => step.Postgres;

    public override async Task<IAsyncDisposable> TakeTurnAsync(DbContext db, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        // In the session that then migrates, so that lock and migration end in one moment: a server that has not noticed yet that the
        // migrating process is dead lets nobody in before it has rolled back.
        await db.Database.OpenConnectionAsync(cancellation);
        Session session = new(db);
        try
        {
            await NoticeDeadClientAsync(db, cancellation);
            long started = time.GetTimestamp();
            while (!await TryLockAsync(db, cancellation))
            {
                if (time.GetElapsedTime(started) > patience)
                    throw new TimeoutException($"another process has migrated {Place} for {patience.TotalSeconds:0} s; is another instance stuck?");
                await Task.Delay(FileLock.Pause, time, cancellation);
            }

            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    public void Dispose() => _source.Dispose();

    protected override async Task<DbConnection> OpenExistingAsync(CancellationToken cancellation)
    {
        try
        {
            return await _source.OpenConnectionAsync(cancellation);
        }
        catch (PostgresException fault) when (IsRefusal(fault.SqlState))
        {
            throw new InvalidOperationException(
                $"{Place}: {fault.MessageText}; look at ConnectionStrings:Database or DATABASE_URL, and whether role and database have been made", fault);
        }
    }

    protected override bool IsMissing(DbException fault) => fault is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable };

    protected override bool IsPassing(Exception fault) =>
        fault is NpgsqlException { IsTransient: true }
        or PostgresException
        {
            SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
                or PostgresErrorCodes.QueryCanceled,
        }
        or InvalidOperationException { Message: LostTransaction, Source: "Npgsql" };

    // Class 28 is an unknown role or a wrong password: waiting mends neither, nor does it make a database.
    private static bool IsRefusal(string state) => state.StartsWith("28", StringComparison.Ordinal) || state == PostgresErrorCodes.InvalidCatalogName;

    private static int Seconds(TimeSpan span) => (int)Math.Ceiling(span.TotalSeconds);

    // Busy with a statement, a server looks at its client only at the end, and keeps a dead one's lock until then, unless told to look.
    private static async Task NoticeDeadClientAsync(DbContext db, CancellationToken cancellation)
    {
        if (((NpgsqlConnection)db.Database.GetDbConnection()).PostgreSqlVersion.Major >= 14)
            await db.Database.ExecuteSqlRawAsync("SET client_connection_check_interval = '2s'", cancellation);
    }

    private static Task<bool> TryLockAsync(DbContext db, CancellationToken cancellation) =>
        db.Database.SqlQuery<bool>($"SELECT pg_try_advisory_lock({MigrationLock}) AS \"Value\"").SingleAsync(cancellation);

    /// <summary>The open session of a context, with the lock it holds.</summary>
    private sealed class Session(DbContext db) : IAsyncDisposable
    {
        // Closed, the connection goes back to the pool, which frees its locks (DISCARD ALL) only when it is used again.
        public async ValueTask DisposeAsync()
        {
            try
            {
                await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({MigrationLock})", CancellationToken.None);
            }
            catch (Exception fault) when (fault is DbException or InvalidOperationException)
            {
                // The session is gone, and the lock with it. What ended it is what the migration reports.
            }

            await db.Database.CloseConnectionAsync();
        }
    }
}
