using System.Text.Json.Nodes;
using Quintet.EndToEnd.Operating;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;

namespace Quintet.EndToEnd.Drills;

/// <summary>What a drill does to the processes that a supervisor started, and to itself, whatever the engines are.</summary>
internal sealed class PartFaults(RunningSystem running, Func<CancellationToken, Task> arrange, DrillLog log)
{
    private QuintetSystem System => running.System;

    /// <summary>Each part is killed, and stopped for a while.</summary>
    public IEnumerable<Fault> Of(IReadOnlyList<string> parts) =>
    [
        .. parts.Select(part => new Fault($"kill {part}", (length, cancellation) => KillAsync(part, length, cancellation))),
        .. parts.Select(part => new Fault($"stop {part}", (length, cancellation) => StopAsync(part, length, cancellation))),
        new("kill supervisor", (_, cancellation) => KillSupervisorAsync(cancellation)),
        new("cut connections to the broker", (_, cancellation) => CutConnectionsAsync(cancellation)),
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

    /// <summary>With it goes everything that it started; somebody then starts the system again.</summary>
    private async Task KillSupervisorAsync(CancellationToken cancellation)
    {
        JsonNode run = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(System.State, "run.json"), cancellation))!;
        Signal.Kill((int)run["pid"]!);
        await running.UpAgainAsync(cancellation);
        await arrange(cancellation);
    }
}
