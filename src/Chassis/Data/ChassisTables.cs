using Microsoft.EntityFrameworkCore;

namespace Quintet.Chassis.Data;

/// <summary>
/// The chassis' own tables in a service's database, created and brought forward by the chassis, under the lock that
/// <see cref="MigrationStep{TDb}"/> holds. Each entry of <see cref="Steps"/> runs once, in one transaction with the note that it ran; a
/// published step is never changed, a new one is added.
/// </summary>
internal static class ChassisTables
{
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE quintet_outbox (
            Sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            EventId TEXT NOT NULL UNIQUE,
            Type TEXT NOT NULL,
            Subject TEXT NOT NULL,
            Body BLOB NOT NULL,
            TraceParent TEXT NULL,
            TraceState TEXT NULL,
            AddedAt INTEGER NOT NULL,
            State INTEGER NOT NULL,
            Attempts INTEGER NOT NULL,
            NotBefore INTEGER NOT NULL,
            DoneAt INTEGER NULL,
            Fault TEXT NULL);
        CREATE INDEX quintet_outbox_waiting ON quintet_outbox (State, Sequence);
        CREATE INDEX quintet_outbox_subject ON quintet_outbox (Subject, Sequence) WHERE State = 0;
        CREATE INDEX quintet_outbox_done ON quintet_outbox (DoneAt) WHERE State <> 0;
        CREATE TABLE quintet_inbox (
            Consumer TEXT NOT NULL,
            EventId TEXT NOT NULL,
            HandledAt INTEGER NOT NULL,
            PRIMARY KEY (Consumer, EventId)) WITHOUT ROWID;
        CREATE INDEX quintet_inbox_handled ON quintet_inbox (HandledAt);
        CREATE TABLE quintet_leases (
            Name TEXT NOT NULL PRIMARY KEY,
            Owner TEXT NOT NULL,
            Until INTEGER NOT NULL) WITHOUT ROWID;
        """,
        """
        CREATE TABLE quintet_idempotency (
            KeyHash TEXT NOT NULL PRIMARY KEY,
            Fingerprint TEXT NOT NULL,
            Attempt TEXT NOT NULL,
            Status INTEGER NOT NULL,
            Headers TEXT NOT NULL,
            Body BLOB NOT NULL,
            KeptAt INTEGER NOT NULL);
        CREATE INDEX quintet_idempotency_kept ON quintet_idempotency (KeptAt);
        """,
    ];

    public static int StepsKnown => Steps.Length;

    public static async Task BringForwardAsync(DbContext db, CancellationToken cancellation)
    {
        await db.Database.ExecuteSqlRawAsync("CREATE TABLE IF NOT EXISTS quintet_schema (Step INTEGER NOT NULL PRIMARY KEY)", cancellation);
        int done = await db.Database.SqlQueryRaw<int>("SELECT COUNT(*) AS Value FROM quintet_schema").SingleAsync(cancellation);
        if (done > Steps.Length)
        {
            throw new InvalidOperationException(
                $"the database was written by a newer chassis (step {done}, this one knows {Steps.Length}); deploy the newer version again");
        }

        for (int step = done; step < Steps.Length; step++)
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            await db.Database.ExecuteSqlRawAsync(Steps[step], cancellation);
            await db.Database.ExecuteSqlAsync($"INSERT INTO quintet_schema (Step) VALUES ({step})", cancellation);
            await transaction.CommitAsync(cancellation);
        }
    }
}
