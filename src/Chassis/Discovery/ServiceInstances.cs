using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Quintet.Client.Consul;

namespace Quintet.Chassis.Discovery;

/// <summary>A watch for each service that this one calls, begun by <c>QUINTET_CALLS</c> at start or by the first call.</summary>
internal sealed class ServiceInstances(ConsulClient registry, TimeProvider time, ILogger<ServiceInstances> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<InstanceWatch>> _watches = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Whether a host is looked up in the registry. Service names have neither dots nor ports; everything else (<c>localhost</c>, addresses,
    /// domains) is called as it stands.
    /// </summary>
    public static bool IsServiceName(string host) =>
        host.Length > 0 && !host.Contains('.', StringComparison.Ordinal) && !host.Contains(':', StringComparison.Ordinal)
        && !host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    public InstanceWatch Of(string service) =>
        _watches.GetOrAdd(service, name => new Lazy<InstanceWatch>(() => new InstanceWatch(name, registry, time, logger))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<InstanceWatch> watch in _watches.Values)
            if (watch.IsValueCreated) await watch.Value.DisposeAsync();
    }
}
