using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Quintet.Chassis.Telemetry;

namespace Quintet.Chassis.Calls;

/// <summary>What all clients of this process know together about the services they call.</summary>
internal sealed class CalledServices
{
    private readonly ConcurrentDictionary<string, CalledService> _services = new(StringComparer.Ordinal);
    private readonly CallOptions _options;

    public CalledServices(IOptions<CallOptions> options)
    {
        _options = options.Value;
        ChassisMeter.Meter.CreateObservableGauge(
            "quintet.calls.breaker", Breakers, "{state}", "Whether a service is left alone after too many failures: 1, else 0.");
    }

    /// <param name="name">As it stands in the address: <c>users</c>, or a host with its port.</param>
    public CalledService Of(string name) => _services.GetOrAdd(name, key => new CalledService(key, _options));

    private IEnumerable<Measurement<int>> Breakers() => _services.Values
        .Select(service => new Measurement<int>(service.IsLeftAlone ? 1 : 0, new KeyValuePair<string, object?>("service", service.Name)));
}

/// <summary>One of them.</summary>
internal sealed class CalledService(string name, CallOptions options)
{
    private int _openBreakers; // each client has its own

    public string Name => name;

    /// <summary>Room for one more call each.</summary>
    public SemaphoreSlim Room { get; } = new(options.InHandMax, options.InHandMax);

    public RetryBudget Budget { get; } = new(options.RetryShare, options.RetryBurst);

    /// <summary>Whether a client's breaker is open.</summary>
    public bool IsLeftAlone => Volatile.Read(ref _openBreakers) > 0;

    public void BreakerOpened() => Interlocked.Increment(ref _openBreakers);

    /// <summary>Its pause is over, one call tries the service.</summary>
    public void BreakerHalfOpened() => Interlocked.Decrement(ref _openBreakers);
}
