namespace Quintet.Broker.Queues;

/// <summary>
/// The consumers of a queue: higher priority first, taking turns within a priority. Not thread-safe; guarded by its queue's gate.
/// </summary>
internal sealed class ConsumerRing(bool isSingleActive)
{
    private readonly List<Consumer> _all = [];
    private uint _turn;

    public int Count => _all.Count;

    public IReadOnlyList<Consumer> All => _all;

    /// <summary>The one that gets everything, when only one may be active.</summary>
    public Consumer? Active { get; private set; }

    public bool HasExclusive => _all.Exists(consumer => consumer.IsExclusive);

    public void Add(Consumer consumer)
    {
        int index = _all.FindIndex(other => other.Priority < consumer.Priority);
        _all.Insert(index < 0 ? _all.Count : index, consumer);
        if (isSingleActive) Active ??= consumer;
    }

    public bool Remove(Consumer consumer)
    {
        if (!_all.Remove(consumer)) return false;
        if (Active == consumer) Active = _all.FirstOrDefault();
        return true;
    }

    public void Clear()
    {
        _all.Clear();
        Active = null;
    }

    /// <summary>A consumer with room for one more message, claimed; null when all are busy.</summary>
    public Consumer? Claim()
    {
        if (isSingleActive) return Active is { } active && TryClaim(active) ? active : null;

        for (int start = 0; start < _all.Count;)
        {
            int end = start + 1;
            while (end < _all.Count && _all[end].Priority == _all[start].Priority) end++;
            int size = end - start;
            uint first = _turn; // moves on by a delivery only: failed tries would skip the same consumer each time
            for (int step = 0; step < size; step++)
            {
                Consumer consumer = _all[start + (int)((first + (uint)step) % (uint)size)];
                if (!TryClaim(consumer)) continue;
                _turn = first + (uint)step + 1;
                return consumer;
            }

            start = end;
        }

        return null;
    }

    private static bool TryClaim(Consumer consumer) =>
        (consumer.NoAck || consumer.Prefetch == 0 || consumer.Unacked < consumer.Prefetch) && consumer.TryClaim();
}
