using Quintet.Console.Parts;
using Quintet.Console.Telemetry.Figures;
using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Map;

/// <summary>Draws the map up from a picture of the parts and from the calls that were counted.</summary>
internal sealed class MapReader(Calls calls)
{
    /// <summary>What counts as now.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(1);

    /// <summary>A trace counts once it was quiet for ten seconds, and its spans come a second or two after they ended.</summary>
    private static readonly TimeSpan Unsettled = TimeSpan.FromSeconds(15);

    /// <summary>Calls are counted in steps of this; sooner there is nothing new.</summary>
    private static readonly long Step = TimeSpan.FromSeconds(10).Ticks;

    /// <summary>How many ranges are remembered: those that pages offer, and a few of the API.</summary>
    private const int RangesMax = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<(long From, long To), Task<List<CallEdge>>> _whole = [];

    /// <exception cref="TimeoutException">The store is too busy.</exception>
    public async Task<SystemMap> ReadAsync(SystemPicture picture, TimeRange range, CancellationToken cancellation)
    {
        DateTimeOffset settled = range.To - Unsettled;
        Task<List<CallEdge>> whole = WholeAsync(range).WaitAsync(cancellation);
        Task<List<CallEdge>> recent = calls.OfAsync(new TimeRange(settled - Recent, settled), cancellation);
        return SystemMap.Of(picture, await whole, await recent);
    }

    // Read once in a step, for all who look: the calls of a day are many rows. The question has its own time limit.
    private Task<List<CallEdge>> WholeAsync(TimeRange range)
    {
        (long, long) key = (range.From.UtcTicks / Step, range.To.UtcTicks / Step);
        lock (_gate)
        {
            if (_whole.TryGetValue(key, out Task<List<CallEdge>>? known) && !known.IsFaulted && !known.IsCanceled) return known;
            if (_whole.Count >= RangesMax) _whole.Clear();
            return _whole[key] = calls.OfAsync(range, CancellationToken.None);
        }
    }
}
