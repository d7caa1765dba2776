using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Checks;

/// <summary>
/// Runs what has to be run for the checks of this node: a clock for each TTL check, a probe loop for each HTTP or TCP check. It follows the
/// state: what is written starts, what is removed stops, whoever wrote it. After a restart every TTL check has its full time again.
/// </summary>
internal sealed class CheckSchedule(
    CommitLoop commits, CheckReports reports, CheckClocks clocks, Prober prober, TimeProvider time)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan FirstProbeWithin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FirstProbeWithinAtStart = TimeSpan.FromMilliseconds(500); // thousands of checks begin together then

    private readonly ConcurrentDictionary<string, IScheduledCheck> _running = new(StringComparer.Ordinal);
    private readonly PauseDetector _pauses = new(time);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        commits.Committed += Follow;
        foreach (CheckRow check in commits.State.Local.AllChecks()) Begin(check, FirstProbeWithinAtStart);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        commits.Committed -= Follow;
        await Task.WhenAll(_running.Values.Select(check => check.DisposeAsync().AsTask()));
    }

    public void Dispose() => _pauses.Dispose();

    /// <summary>As after a registration: TTL clocks start again, and probes are made now.</summary>
    public void Restart(IEnumerable<string> checkIds)
    {
        foreach (string id in checkIds)
        {
            clocks.Beat(id);
            if (_running.TryGetValue(id, out IScheduledCheck? running) && running is ProbeLoop loop) loop.Hurry();
        }
    }

    private void Follow(RegistryState before, RegistryState after, IReadOnlyList<Change> changes)
    {
        foreach (Change change in changes)
        {
            switch (change)
            {
                case CheckPut put when after.LocalNode == put.Row.Node && after.Local.FindCheck(put.Row.Id) is { } check:
                    Begin(check, FirstProbeWithin);
                    break;
                case CheckGone gone when gone.Node == after.LocalNode:
                    EndIfGone(gone.Id, after);
                    break;
                case ServiceGone gone when gone.Node == after.LocalNode && before.Local.Instances.TryGetValue(gone.Id, out InstanceEntry? instance):
                    foreach (string id in instance.Checks.Keys) EndIfGone(id, after);
                    break;
            }
        }
    }

    private void Begin(CheckRow check, TimeSpan firstProbeWithin)
    {
        clocks.NoteCritical(check.Id, check.Status == CheckStatus.Critical);
        if (check.Plan is null)
        {
            End(check.Id);
            return;
        }

        if (_running.TryGetValue(check.Id, out IScheduledCheck? running))
        {
            if (running.Check.IsMadeAs(check)) return;
            End(check.Id);
            clocks.NoteCritical(check.Id, check.Status == CheckStatus.Critical);
        }

        _running[check.Id] = check.Plan.Ttl > TimeSpan.Zero
            ? new TtlClock(check, reports, clocks, _pauses, time)
            : new ProbeLoop(check, prober, reports, firstProbeWithin, time);
    }

    private void EndIfGone(string checkId, RegistryState after)
    {
        End(checkId);
        if (after.Local.FindCheck(checkId) is { } check) Begin(check, FirstProbeWithin); // removed and written again within one batch
    }

    private void End(string checkId)
    {
        clocks.Forget(checkId);
        if (_running.TryRemove(checkId, out IScheduledCheck? running)) running.End();
    }
}

/// <summary>A check that is being made: by waiting for heartbeats, or by probing.</summary>
internal interface IScheduledCheck : IAsyncDisposable
{
    public CheckRow Check { get; }

    /// <summary>Stops without waiting for a probe in flight; its result is dropped.</summary>
    public void End();
}
