using Quintet.EndToEnd.Operating;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;

// It stands in for the one of the end-to-end tests, as RunningSystem does.
namespace Quintet.EndToEnd.Drills;

/// <summary>What a drill does to a system on its engines: each engine and each part of ours is killed, and stopped for a while.</summary>
internal sealed class Faults(RunningSystem running, Func<CancellationToken, Task> arrange, DrillLog log)
{
    private static readonly string[] Parts = ["gateway", "users", "notifications"];

    /// <summary>Each kind once.</summary>
    public IReadOnlyList<Fault> All() =>
    [
        .. Parts.Select(part => new Fault($"kill {part}", (_, cancellation) => SignalAsync(part, pid => Signal.Kill(pid), cancellation))),
        .. Parts.Select(part => new Fault($"stop {part}", (length, cancellation) => StopAsync(part, length, cancellation))),
        new("kill RabbitMQ", (_, cancellation) => running.KillAsync("broker", cancellation)),
        new("kill Consul's leader", (_, cancellation) => running.KillAsync("registry", cancellation)),
        new("kill PostgreSQL", (length, cancellation) => KillDatabaseAsync(length, cancellation)),
        new("stop RabbitMQ", (length, cancellation) => Fault.LastAsync(running.Rabbit.Pause, running.Rabbit.Resume, length, cancellation)),
        new("stop Consul's servers", (length, cancellation) =>
            Fault.LastAsync(running.Consul.PauseServers, running.Consul.ResumeServers, length, cancellation)),
        new("stop PostgreSQL", (length, cancellation) => Fault.LastAsync(running.Postgres.Pause, running.Postgres.Resume, length, cancellation)),
        new("cut connections to RabbitMQ", (_, cancellation) => CutConnectionsAsync(cancellation)),
        new("scale", (_, cancellation) => arrange(cancellation)),
    ];

    private async Task StopAsync(string part, TimeSpan length, CancellationToken cancellation)
    {
        int stopped = 0;
        await SignalAsync(part, pid => Signal.Stop(stopped = pid), cancellation);
        if (stopped == 0) return;
        await Fault.LastAsync(() => { }, () => Signal.Continue(stopped), length, cancellation);
    }

    private async Task SignalAsync(string part, Action<int> send, CancellationToken cancellation)
    {
        PartProcess? victim = (await running.System.ProcessesOfAsync(part, cancellation)).FirstOrDefault(p => p.Pid > 0);
        log.Say(victim is null ? $"  no instance of {part} runs" : $"  {victim.Instance}, pid {victim.Pid}, {victim.State}");
        if (victim is not null) send(victim.Pid);
    }

    private async Task KillDatabaseAsync(TimeSpan length, CancellationToken cancellation)
    {
        await running.Postgres.KillAsync();
        await Fault.LastAsync(() => { }, () => { }, length, cancellation);
        await running.Postgres.RestartAsync(cancellation);
    }

    private async Task CutConnectionsAsync(CancellationToken cancellation)
    {
        using ManagementView view = new(running.System);
        await view.CutConnectionsAsync(cancellation);
    }
}
