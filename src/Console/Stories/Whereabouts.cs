using Quintet.Hosting.Telemetry;

namespace Quintet.Console.Stories;

/// <summary>In which queues the copies of a message are, by what the broker noted. Nothing is known of a broker that notes nothing.</summary>
internal sealed class Whereabouts
{
    private readonly Dictionary<string, string?> _holders = new(StringComparer.Ordinal);
    private readonly HashSet<string> _left = new(StringComparer.Ordinal);

    /// <param name="hops">All of one message, in the order of time.</param>
    public Whereabouts(IEnumerable<HopFacts> hops)
    {
        foreach (HopFacts hop in hops) Follow(hop);
    }

    /// <summary>The queues that have it, each with who holds it, in words; null for nobody.</summary>
    public IReadOnlyDictionary<string, string?> Holders => _holders;

    /// <summary>Whether no copy is anywhere though the broker had one.</summary>
    public bool IsOver => _holders.Count == 0 && _left.Count > 0;

    /// <summary>Whether the queue had it, and has it no more.</summary>
    public bool HasLeft(string queue) => _left.Contains(queue) && !_holders.ContainsKey(queue);

    private void Follow(HopFacts hop)
    {
        string? queue = hop.Place;
        if (queue is null) return;
        switch (hop.Hop.Stage)
        {
            case HopStage.Queued when hop.Hop.Outcome != "kept":
                if (hop.IsDeath) Leave(hop.Source!);
                _holders[queue] = null;
                break;
            case HopStage.Delivered when hop.Hop.Outcome == "gone":
                Leave(queue);
                break;
            case HopStage.Delivered when _holders.ContainsKey(queue):
                _holders[queue] = hop.Detail;
                break;
            case HopStage.Settled when hop.Hop.Outcome == "requeued":
                if (_holders.ContainsKey(queue)) _holders[queue] = null;
                break;
            case HopStage.Settled:
                Leave(queue);
                break;
            default:
                break;
        }
    }

    private void Leave(string queue)
    {
        _holders.Remove(queue);
        _left.Add(queue);
    }
}
