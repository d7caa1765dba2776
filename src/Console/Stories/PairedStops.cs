using Quintet.Console.Parts;

namespace Quintet.Console.Stories;

/// <summary>What stands beside each other in two stories: a stop of each of the same kind, or one that only one of them has.</summary>
/// <param name="Left">The first's.</param>
/// <param name="Right">The second's.</param>
internal sealed record PairedStops(Stop? Left, Stop? Right)
{
    /// <summary>The stops of both in order, those of one kind beside each other as far as the order allows.</summary>
    public static IReadOnlyList<PairedStops> Of(Story left, Story right)
    {
        List<PairedStops> pairs = [];
        int i = 0, j = 0;
        foreach (Kept kept in Alignment.Of([.. left.Stops.Select(stop => stop.Kind)], [.. right.Stops.Select(stop => stop.Kind)]))
        {
            pairs.Add(kept switch
            {
                Kept.Left => new PairedStops(left.Stops[i++], null),
                Kept.Right => new PairedStops(null, right.Stops[j++]),
                _ => new PairedStops(left.Stops[i++], right.Stops[j++]),
            });
        }

        return pairs;
    }
}
