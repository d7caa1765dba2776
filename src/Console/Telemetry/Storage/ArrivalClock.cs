namespace Quintet.Console.Telemetry.Storage;

/// <summary>Gives each row its id: the microsecond of its arrival, or one more than the last when two come in the same, or time went back.</summary>
internal sealed class ArrivalClock(TimeProvider clock, long last)
{
    private long _last = last;

    public long Next() => _last = Math.Max(_last + 1, Microseconds(clock.GetUtcNow()));

    public static long Microseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}
