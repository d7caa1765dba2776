using System.Diagnostics.Metrics;

namespace Quintet.Console.Telemetry;

/// <summary>The store's own instruments, under the meter <c>Quintet.Console</c>.</summary>
internal sealed class TelemetryMeter : IDisposable
{
    private readonly Meter _meter = new("Quintet.Console");
    private readonly Counter<long> _stored;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _sampledAway;
    private readonly Counter<long> _deleted;
    private readonly Counter<long> _forwarded;
    private readonly Counter<long> _undelivered;
    private readonly Histogram<double> _commitSeconds;

    public TelemetryMeter()
    {
        _stored = _meter.CreateCounter<long>("console.telemetry.stored", "{item}", "Spans, log records, hops and points stored, by kind");
        _refused = _meter.CreateCounter<long>("console.telemetry.refused", "{request}", "Requests refused, by reason");
        _rejected = _meter.CreateCounter<long>("console.telemetry.rejected", "{item}", "Items of accepted requests that could not be stored");
        _sampledAway = _meter.CreateCounter<long>("console.telemetry.sampled_away", "{trace}", "Ordinary traces that were not kept");
        _deleted = _meter.CreateCounter<long>("console.telemetry.deleted", "{item}", "Items deleted for age or bytes, by kind");
        _forwarded = _meter.CreateCounter<long>("console.telemetry.forwarded", "{request}", "Requests that the other collector took");
        _undelivered = _meter.CreateCounter<long>("console.telemetry.forward.dropped", "{request}", "Requests the other collector did not get, by reason");
        _commitSeconds = _meter.CreateHistogram<double>("console.telemetry.commit.duration", "s", "Time to write and commit one group of requests");
    }

    public void Stored(string kind, long count) => _stored.Add(count, Tag("kind", kind));

    public void Refused(string reason) => _refused.Add(1, Tag("reason", reason));

    public void Rejected(long count) => _rejected.Add(count);

    public void SampledAway(long traces) => _sampledAway.Add(traces);

    public void Deleted(string kind, long count) => _deleted.Add(count, Tag("kind", kind));

    public void Forwarded() => _forwarded.Add(1);

    public void Undelivered(string reason) => _undelivered.Add(1, Tag("reason", reason));

    public void Committed(TimeSpan took) => _commitSeconds.Record(took.TotalSeconds);

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string key, string value) => new(key, value);
}
