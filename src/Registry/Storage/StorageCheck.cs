using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Quintet.Registry.Storage;

/// <summary>Ready means that writes are taken.</summary>
internal sealed class StorageCheck(CommitLoop commits) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(commits.IsOpen ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("the log is not open for writes"));
}
