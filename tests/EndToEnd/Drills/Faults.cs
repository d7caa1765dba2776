using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Quintet.EndToEnd.Operating;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;

namespace Quintet.EndToEnd.Drills;

/// <summary>What a drill does to a system whose engines are all embedded.</summary>
internal sealed class Faults(RunningSystem running, Func<CancellationToken, Task> arrange, DrillLog log)
{
    private static readonly string[] Parts = ["gateway", "registry", "broker", "config", "users", "notifications"];

    private QuintetSystem System => running.System;

    /// <summary>Each kind once.</summary>
    public IReadOnlyList<Fault> All() =>
    [
        .. Parts.Select(part => new Fault($"kill {part}", (length, cancellation) => KillAsync(part, length, cancellation))),
        .. Parts.Select(part => new Fault($"stop {part}", (length, cancellation) => StopAsync(part, length, cancellation))),
        new("cut connections to the broker", (_, cancellation) => CutConnectionsAsync(cancellation)),
        new("lock users", (length, cancellation) => LockAsync("users", length, cancellation)),
        new("lock notifications", (length, cancellation) => LockAsync("notifications", length, cancellation)),
        new("kill supervisor", (_, cancellation) => KillSupervisorAsync(cancellation)),
    ];

    private async Task KillAsync(string part, TimeSpan length, CancellationToken cancellation)
    {
        if (await VictimAsync(part, length, cancellation) is not { } victim) return;
        Signal.Kill(victim.Pid); // the supervisor starts it again
    }

    private async Task StopAsync(string part, TimeSpan length, CancellationToken cancellation)
    {
        if (await VictimAsync(part, length, cancellation) is not { } victim) return;
        await Fault.LastAsync(() => Signal.Stop(victim.Pid), () => Signal.Continue(victim.Pid), length, cancellation);
    }

    /// <summary>An instance of the part, the same for the same seed; null while none runs.</summary>
    private async Task<PartProcess?> VictimAsync(string part, TimeSpan length, CancellationToken cancellation)
    {
        PartProcess[] alive = [.. (await System.ProcessesOfAsync(part, cancellation)).Where(p => p.Pid > 0).OrderBy(p => p.Instance)];
        PartProcess? victim = alive.Length == 0 ? null : alive[(int)length.TotalMilliseconds % alive.Length];
        log.Say(victim is null ? $"  no instance of {part} runs" : $"  {victim.Instance}, pid {victim.Pid}, {victim.State}");
        return victim;
    }

    /// <summary>As an operator does, through the management API.</summary>
    private async Task CutConnectionsAsync(CancellationToken cancellation)
    {
        try
        {
            using ManagementView view = new(System);
            await view.CutConnectionsAsync(cancellation);
        }
        catch (HttpRequestException fault)
        {
            log.Say($"  the broker is not there: {fault.HttpRequestError}");
        }
    }

    /// <summary>Another program writes to the service's file and takes its time.</summary>
    private async Task LockAsync(string service, TimeSpan length, CancellationToken cancellation)
    {
        await using SqliteConnection file = new(new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(System.State, "data", service, $"{service}.db"), Mode = SqliteOpenMode.ReadWrite, Pooling = false, DefaultTimeout = 30,
        }.ToString());
        await file.OpenAsync(cancellation);
        SqliteTransaction? writing = null;
        await Fault.LastAsync(() => writing = file.BeginTransaction(deferred: false), () => writing?.Dispose(), length, cancellation);
    }

    /// <summary>With it goes everything that it started; somebody then starts the system again.</summary>
    private async Task KillSupervisorAsync(CancellationToken cancellation)
    {
        JsonNode run = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(System.State, "run.json"), cancellation))!;
        Signal.Kill((int)run["pid"]!);
        await running.UpAgainAsync(cancellation);
        await arrange(cancellation);
    }
}
