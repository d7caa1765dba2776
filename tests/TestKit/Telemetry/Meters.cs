using System.Diagnostics.Metrics;

namespace Quintet.TestKit.Telemetry;

/// <summary>Adds up one counter of this process; with a tag, only what bears it.</summary>
public sealed class Meters : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _total;

    public Meters(string instrument, string? tag = null)
    {
        _listener.InstrumentPublished = (published, listener) =>
        {
            if (published.Name == instrument) listener.EnableMeasurementEvents(published);
        };
        _listener.SetMeasurementEventCallback<long>((_, measurement, tags, _) =>
        {
            bool isMeant = tag is null;
            foreach (KeyValuePair<string, object?> pair in tags) isMeant |= pair.Value as string == tag;
            if (isMeant) Interlocked.Add(ref _total, measurement);
        });
        _listener.Start();
    }

    public long Total => Interlocked.Read(ref _total);

    public void Dispose() => _listener.Dispose();
}
