namespace Quintet.Broker.Topology.Deduplication;

/// <summary>Whether a message with some key may go on.</summary>
internal enum Claim
{
    /// <summary>Nobody sent it: the claim is to be kept when the message is in its queues, or given back.</summary>
    First,

    /// <summary>Somebody sent it, and it is in its queues.</summary>
    Duplicate,

    /// <summary>Somebody is sending it, and it is not known yet whether that succeeds.</summary>
    Contested,
}

/// <summary>
/// The keys that an exchange has seen, the newest of them. A key is known for good only when its message is in its queues: what was refused may
/// come again, and a duplicate is dropped only for a message that is really there. Thread-safe; calls nothing under its lock.
/// </summary>
internal sealed class DeduplicationCache(int keysMax, long? ttlMs, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly long _started = time.GetTimestamp();
    private readonly Dictionary<DeduplicationKey, LinkedListNode<Entry>> _byKey = [];
    private readonly LinkedList<Entry> _oldestFirst = [];

    public int Count
    {
        get
        {
            lock (_gate) return _byKey.Count;
        }
    }

    /// <param name="key">What may be there.</param>
    /// <param name="ownTtlMs">How long the message wants its key remembered; null leaves it to the exchange.</param>
    public Claim TryClaim(DeduplicationKey key, long? ownTtlMs)
    {
        TimeSpan now = time.GetElapsedTime(_started);
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out LinkedListNode<Entry>? known))
            {
                if (!known.Value.IsKept) return Claim.Contested;
                if (known.Value.Until > now) return Claim.Duplicate;
                RemoveLocked(known);
            }

            while (_oldestFirst.First is { } oldest && (_byKey.Count >= keysMax || oldest.Value.Until <= now)) RemoveLocked(oldest);
            TimeSpan until = (ownTtlMs ?? ttlMs) is { } ttl ? now + TimeSpan.FromMilliseconds(ttl) : TimeSpan.MaxValue;
            _byKey[key] = _oldestFirst.AddLast(new Entry(key, until));
            return Claim.First;
        }
    }

    /// <summary>The message is in its queues.</summary>
    public void Keep(DeduplicationKey key)
    {
        lock (_gate)
            if (_byKey.TryGetValue(key, out LinkedListNode<Entry>? claimed)) claimed.Value.IsKept = true;
    }

    /// <summary>The message is not in its queues: it may come again.</summary>
    public void GiveBack(DeduplicationKey key)
    {
        lock (_gate)
            if (_byKey.TryGetValue(key, out LinkedListNode<Entry>? claimed) && !claimed.Value.IsKept) RemoveLocked(claimed);
    }

    private void RemoveLocked(LinkedListNode<Entry> entry)
    {
        _oldestFirst.Remove(entry);
        _byKey.Remove(entry.Value.Key);
    }

    private sealed class Entry(DeduplicationKey key, TimeSpan until)
    {
        public DeduplicationKey Key => key;

        public TimeSpan Until => until;

        public bool IsKept { get; set; }
    }
}
