using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Quintet.Chassis.Messaging;

/// <summary>
/// What the loops last knew, for metrics and health. Degraded, not unhealthy: a service whose broker is away still answers requests and
/// keeps its events, so it must stay in the registry.
/// </summary>
internal sealed class OutboxBoard : IHealthCheck
{
    // A backlog this old means that the loop does not get through; younger ones come and go under load.
    private static readonly TimeSpan TooOld = TimeSpan.FromSeconds(30);
    private readonly TimeProvider _time;

    public OutboxBoard(TimeProvider time)
    {
        _time = time;
        Tracing.Meter.CreateObservableGauge("quintet.outbox.oldest", () => OldestSeconds(), "s", "Age of the oldest event to be published.");
        Tracing.Meter.CreateObservableGauge("quintet.outbox.rows", Rows, "{event}", "Events in the outbox that are not sent.");
    }

    /// <summary>The outbox when the relaying instance last looked; null on instances that do not relay.</summary>
    public OutboxBacklog? Backlog { get; set; }

    /// <summary>Why publishing does not work at the moment.</summary>
    public string? PublishFault { get; set; }

    /// <summary>Why consuming does not work at the moment.</summary>
    public string? ConsumeFault { get; set; }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        List<string> faults = [];
        if (PublishFault is { } publish) faults.Add($"publishing: {publish}");
        if (ConsumeFault is { } consume) faults.Add($"consuming: {consume}");
        if (OldestSeconds() > TooOld.TotalSeconds) faults.Add($"the oldest event has waited {OldestSeconds():0} s to be published");
        if (Backlog is { SetAside: > 0 } stuck) faults.Add($"{stuck.SetAside} events were refused by the broker and set aside");
        if (faults.Count > 0) return Task.FromResult(HealthCheckResult.Degraded(string.Join("; ", faults)));
        return Task.FromResult(HealthCheckResult.Healthy(
            Backlog is { Unroutable: > 0 } backlog ? $"{backlog.Unroutable} events wait for a first subscriber" : null));
    }

    private double OldestSeconds() => Backlog is { Oldest: { } oldest } ? Math.Max(0, (_time.GetUtcNow() - oldest).TotalSeconds) : 0;

    private IEnumerable<Measurement<int>> Rows() => Backlog is not { } backlog ? [] :
    [
        new(backlog.Waiting, new KeyValuePair<string, object?>("state", "waiting")),
        new(backlog.Unroutable, new KeyValuePair<string, object?>("state", "unroutable")),
        new(backlog.SetAside, new KeyValuePair<string, object?>("state", "set_aside")),
    ];
}
