using System.Diagnostics.Metrics;

namespace Quintet.Registry.Telemetry;

/// <summary>The registry's own instruments, under the meter <c>Quintet.Registry</c>.</summary>
internal sealed class RegistryMetrics : IDisposable
{
    private readonly Meter _meter = new("Quintet.Registry");
    private readonly Counter<long> _writes;
    private readonly Histogram<double> _commitSeconds;
    private readonly Counter<long> _probes;
    private readonly Counter<long> _refusals;

    public RegistryMetrics()
    {
        _writes = _meter.CreateCounter<long>("registry.writes", "{write}", "Writes made durable");
        _commitSeconds = _meter.CreateHistogram<double>("registry.commit.duration", "s", "Time to append and sync one batch of writes");
        _probes = _meter.CreateCounter<long>("registry.probes", "{probe}", "HTTP and TCP checks made, by status");
        _refusals = _meter.CreateCounter<long>("registry.refusals", "{request}", "Requests refused for want of a permission or for a limit");
    }

    public void Committed(int writes, TimeSpan took)
    {
        _writes.Add(writes);
        _commitSeconds.Record(took.TotalSeconds);
    }

    public void Probed(string type, string status) => _probes.Add(1, new("type", type), new("status", status));

    public void Refused(string reason) => _refusals.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void ObserveWatches(Func<int> parked) =>
        _meter.CreateObservableGauge("registry.watches", parked, "{query}", "Blocking queries that wait at this moment");

    public void Dispose() => _meter.Dispose();
}
