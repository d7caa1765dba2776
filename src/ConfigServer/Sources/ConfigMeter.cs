using System.Diagnostics.Metrics;

namespace Quintet.ConfigServer.Sources;

/// <summary>What the server counts.</summary>
internal static class ConfigMeter
{
    private static readonly Meter Meter = new("Quintet.ConfigServer");

    /// <summary>Turns of the loop that looks for commits: it stands still when the loop does.</summary>
    public static readonly Counter<long> Refreshes = Meter.CreateCounter<long>("quintet.config.refreshes", "{refresh}");

    public static readonly Counter<long> Commits = Meter.CreateCounter<long>("quintet.config.commits", "{commit}", "Commits made through the write interface");

    public static readonly UpDownCounter<long> Watches = Meter.CreateUpDownCounter<long>("quintet.config.watches", "{watch}", "Watches that wait now");
}
