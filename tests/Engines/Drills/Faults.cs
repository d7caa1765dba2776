using System.Data.Common;

// It stands in for the one of the end-to-end tests, as RunningSystem does.
namespace Quintet.EndToEnd.Drills;

/// <summary>What a drill does to a system on its engines: each engine and each part of ours is killed, and stopped for a while.</summary>
internal sealed class Faults(RunningSystem running, Func<CancellationToken, Task> arrange, DrillLog log)
{
    private static readonly string[] Parts = ["gateway", "config", "users", "notifications"];

    /// <summary>Each kind once.</summary>
    public IReadOnlyList<Fault> All() =>
    [
        .. new PartFaults(running, arrange, log).Of(Parts),
        new("kill RabbitMQ", (_, cancellation) => running.KillAsync("broker", cancellation)),
        new("kill Consul's leader", (_, cancellation) => running.KillAsync("registry", cancellation)),
        new("kill PostgreSQL", KillDatabaseAsync),
        new("stop RabbitMQ", (length, cancellation) => Fault.LastAsync(running.Rabbit.Pause, running.Rabbit.Resume, length, cancellation)),
        new("stop Consul's servers", (length, cancellation) =>
            Fault.LastAsync(running.Consul.PauseServers, running.Consul.ResumeServers, length, cancellation)),
        new("stop PostgreSQL", (length, cancellation) => Fault.LastAsync(running.Postgres.Pause, running.Postgres.Resume, length, cancellation)),
        new("cut connections to PostgreSQL", (_, cancellation) => CutDatabaseConnectionsAsync(cancellation)),
    ];

    private async Task KillDatabaseAsync(TimeSpan length, CancellationToken cancellation)
    {
        await running.Postgres.KillAsync();
        await Fault.LastAsync(() => { }, () => { }, length, cancellation);
        await running.Postgres.RestartAsync(cancellation);
    }

    private async Task CutDatabaseConnectionsAsync(CancellationToken cancellation)
    {
        await using DbConnection superuser = running.DatabaseOf("users");
        await superuser.OpenAsync(cancellation);
        await using DbCommand command = superuser.CreateCommand();
        command.CommandText = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename LIKE 'reference%'";
        log.Say($"  {await command.ExecuteScalarAsync(cancellation)} connections");
    }
}
