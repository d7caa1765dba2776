using Microsoft.Extensions.Diagnostics.HealthChecks;
using Quintet.Broker.Storage;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>Ready means that the storage takes messages. The ports are open by the time anybody can ask.</summary>
internal sealed class StorageCheck(BrokerNode node) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(node.Store.State switch
        {
            StorageState.Open when node.Alarms.Reason is { } reason => HealthCheckResult.Degraded($"publishers are blocked: {reason}"),
            StorageState.Open => HealthCheckResult.Healthy(),
            StorageState.SpaceLow => HealthCheckResult.Degraded($"publishers are blocked: {node.Store.StateReason}"),
            _ => HealthCheckResult.Unhealthy(node.Store.StateReason),
        });
}
