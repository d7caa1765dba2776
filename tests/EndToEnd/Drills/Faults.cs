using Microsoft.Data.Sqlite;

namespace Quintet.EndToEnd.Drills;

/// <summary>What a drill does to a system whose engines are all embedded.</summary>
internal sealed class Faults(RunningSystem running, Func<CancellationToken, Task> arrange, DrillLog log)
{
    private static readonly string[] Parts = ["gateway", "registry", "broker", "config", "users", "notifications"];

    /// <summary>Each kind once.</summary>
    public IReadOnlyList<Fault> All() =>
    [
        .. new PartFaults(running, arrange, log).Of(Parts),
        new("lock users", (length, cancellation) => LockAsync("users", length, cancellation)),
        new("lock notifications", (length, cancellation) => LockAsync("notifications", length, cancellation)),
    ];

    /// <summary>Another program writes to the service's file and takes its time.</summary>
    private async Task LockAsync(string service, TimeSpan length, CancellationToken cancellation)
    {
        await using SqliteConnection file = new(new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(running.System.State, "data", service, $"{service}.db"),
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = 30,
        }.ToString());
        await file.OpenAsync(cancellation);
        SqliteTransaction? writing = null;
        await Fault.LastAsync(() => writing = file.BeginTransaction(deferred: false), () => writing?.Dispose(), length, cancellation);
    }
}
