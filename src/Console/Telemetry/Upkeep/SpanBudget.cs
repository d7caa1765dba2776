namespace Quintet.Console.Telemetry.Upkeep;

/// <summary>Which ordinary traces are kept: a share by their id, and of those as many as the spans a second allow.</summary>
internal sealed class SpanBudget(TelemetrySamplingOptions options, TimeProvider clock)
{
    /// <summary>A burst is spread over so long.</summary>
    private const int Seconds = 10;

    private double _left = options.SpansPerSecond * (double)Seconds;
    private long _asOf = clock.GetTimestamp();

    public bool Admits(byte[] traceId, int spans)
    {
        // Ids are random: the share is decided alike by whoever decides it.
        ulong random = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(traceId.AsSpan(8));
        if (random / (double)ulong.MaxValue >= options.Share && options.Share < 1) return false;

        long now = clock.GetTimestamp();
        _left = Math.Min(options.SpansPerSecond * (double)Seconds, _left + (clock.GetElapsedTime(_asOf, now).TotalSeconds * options.SpansPerSecond));
        _asOf = now;
        if (_left < spans) return false;
        _left -= spans;
        return true;
    }
}
