namespace Quintet.Console.Telemetry.Storage;

/// <summary>Times as OTLP and the store have them: nanoseconds since 1970.</summary>
internal static class Nanoseconds
{
    public const long PerTick = 100;
    public const long PerSecond = 1_000_000_000;

    private const long LastTick = long.MaxValue / PerTick;

    /// <summary>The nearest time that can be expressed, from 1970 to 2262.</summary>
    public static long Of(DateTimeOffset time) => Math.Clamp(time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks, 0, LastTick) * PerTick;

    public static DateTimeOffset ToTime(long nanoseconds) => new(DateTimeOffset.UnixEpoch.Ticks + (nanoseconds / PerTick), TimeSpan.Zero);

    public static TimeSpan ToSpan(long nanoseconds) => new(nanoseconds / PerTick);
}
