using Quintet.Console.Parts;
using Quintet.Console.Telemetry.Figures;
using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Map;

/// <summary>Draws the map up from the latest picture of the parts and from the calls that were counted.</summary>
internal sealed class MapReader(SystemFeed feed, Calls calls)
{
    /// <summary>What counts as now.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(1);

    /// <summary>A trace counts once it was quiet for ten seconds, and its spans come a second or two after they ended.</summary>
    private static readonly TimeSpan Unsettled = TimeSpan.FromSeconds(15);

    /// <exception cref="TimeoutException">The store is too busy.</exception>
    public async Task<SystemMap> ReadAsync(TimeRange range, CancellationToken cancellation)
    {
        DateTimeOffset settled = range.To - Unsettled;
        Task<List<CallEdge>> whole = calls.OfAsync(range, cancellation);
        Task<List<CallEdge>> recent = calls.OfAsync(new TimeRange(settled - Recent, settled), cancellation);
        return SystemMap.Of(feed.Current, await whole, await recent);
    }
}
