using System.Globalization;

namespace Quintet.Client.Consul;

/// <summary>Durations as Go prints and reads them, which is how Consul takes them.</summary>
internal static class GoDuration
{
    /// <summary>Whole milliseconds, so that nothing is rounded to zero seconds: <c>1500ms</c>.</summary>
    public static string Format(TimeSpan duration) => ((long)Math.Ceiling(duration.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture) + "ms";

    public static string? Format(TimeSpan? duration) => duration is { } given ? Format(given) : null;
}
