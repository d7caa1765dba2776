using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Quintet.ConfigServer.Sources;

/// <summary>
/// Healthy while every branch in memory is served in its newest state, degraded while one is served in an older one, unhealthy when the
/// default label cannot be served at all.
/// </summary>
internal sealed class RepositoryHealth(Labels labels) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        List<string> faults = [];
        bool isServed = false;
        foreach (LabelFeed feed in labels.InMemory)
        {
            LabelView view = feed.View;
            if (feed.Name == labels.DefaultLabel) isServed = view.Good is not null;
            if (view.Fault is { } fault) faults.Add(Describe(feed, view, fault));
        }

        return Task.FromResult(
            !isServed ? HealthCheckResult.Unhealthy(faults.Count == 0 ? $"label {labels.DefaultLabel} is not loaded" : string.Join(" | ", faults))
            : faults.Count > 0 ? HealthCheckResult.Degraded(string.Join(" | ", faults))
            : HealthCheckResult.Healthy());
    }

    private static string Describe(LabelFeed feed, LabelView view, LabelFault fault)
    {
        string served = view.Good is null ? "nothing is served" : $"commit {view.Good.Commit[..7]} is served";
        return $"label {feed.Name} since {fault.Since:yyyy-MM-ddTHH:mm:ssZ}: {fault}; {served}";
    }
}
