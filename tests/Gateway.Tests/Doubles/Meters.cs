using System.Diagnostics.Metrics;

namespace Quintet.Gateway.Tests.Doubles;

/// <summary>Adds up one counter of the gateway.</summary>
public sealed class Meters : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _total;

    public Meters(string instrument)
    {
        _listener.InstrumentPublished = (published, listener) =>
        {
            if (published.Name == instrument) listener.EnableMeasurementEvents(published);
        };
        _listener.SetMeasurementEventCallback<long>((_, measurement, _, _) => Interlocked.Add(ref _total, measurement));
        _listener.Start();
    }

    public long Total => Interlocked.Read(ref _total);

    public void Dispose() => _listener.Dispose();
}
