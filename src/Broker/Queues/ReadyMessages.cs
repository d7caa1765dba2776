namespace Quintet.Broker.Queues;

/// <summary>
/// The messages a queue may hand out, in the order it hands them out: by priority, then by position. Fresh messages are in a deque; those that
/// came back are in a heap by position. What came back was taken from the front, so all of it stands before all that is fresh.
/// Not thread-safe; guarded by its queue's gate.
/// </summary>
internal sealed class ReadyMessages(int levels, bool isWeighted)
{
    // RabbitMQ's quorum queues hand out two high for one normal, so that the normal ones never starve.
    private const int HighPerNormal = 2;

    private readonly Level[] _levels = [.. Enumerable.Range(0, levels).Select(_ => new Level())];
    private int _highInARow;

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    public int Levels => _levels.Length;

    public void Add(in QueueEntry entry)
    {
        LevelOf(entry).Fresh.Add(entry);
        Count++;
        Bytes += entry.BodyBytes;
    }

    public void PutBack(in QueueEntry entry)
    {
        LevelOf(entry).Returned.Enqueue(entry, entry.Position);
        Count++;
        Bytes += entry.BodyBytes;
    }

    /// <summary>The next to hand out; there must be one.</summary>
    public QueueEntry Peek()
    {
        Level level = _levels[NextLevel()];
        return level.Returned.TryPeek(out QueueEntry returned, out _) ? returned : level.Fresh.First;
    }

    /// <summary>Removes what <see cref="Peek"/> gave.</summary>
    public void RemoveNext()
    {
        int index = NextLevel();
        Remove(_levels[index]);
        _highInARow = index == _levels.Length - 1 ? _highInARow + 1 : 0;
    }

    /// <summary>The one that overflow drops first: the oldest of the lowest priority.</summary>
    public QueueEntry PeekLeast()
    {
        Level level = _levels[LeastLevel()];
        return level.Returned.TryPeek(out QueueEntry returned, out _) ? returned : level.Fresh.First;
    }

    public void RemoveLeast() => Remove(_levels[LeastLevel()]);

    /// <summary>The front of each level that has one: only these are looked at for expiry, as in RabbitMQ's queues.</summary>
    public bool TryPeekLevel(int index, out QueueEntry entry)
    {
        Level level = _levels[index];
        entry = default;
        if (level.Count == 0) return false;
        entry = level.Returned.TryPeek(out QueueEntry returned, out _) ? returned : level.Fresh.First;
        return true;
    }

    public void RemoveFromLevel(int index) => Remove(_levels[index]);

    /// <summary>Takes everything out, in no promised order.</summary>
    public List<QueueEntry> Drain()
    {
        List<QueueEntry> all = new(Count);
        foreach (Level level in _levels)
            while (level.Count > 0)
            {
                all.Add(level.Returned.TryPeek(out QueueEntry returned, out _) ? returned : level.Fresh.First);
                Remove(level);
            }

        return all;
    }

    private void Remove(Level level)
    {
        int bytes;
        if (level.Returned.TryDequeue(out QueueEntry returned, out _))
        {
            bytes = returned.BodyBytes;
        }
        else
        {
            bytes = level.Fresh.RemoveFirst();
        }

        Count--;
        Bytes -= bytes;
    }

    private Level LevelOf(in QueueEntry entry) =>
        _levels.Length == 1 ? _levels[0]
        : isWeighted ? _levels[entry.Priority > 4 ? 1 : 0] // RabbitMQ's quorum queues: 0 to 4 are normal, the rest is high
        : _levels[Math.Min(entry.Priority, _levels.Length - 1)];

    private int NextLevel()
    {
        if (_levels.Length == 1) return 0;
        if (isWeighted && _highInARow >= HighPerNormal && _levels[0].Count > 0) return 0;
        for (int index = _levels.Length - 1; index > 0; index--)
            if (_levels[index].Count > 0) return index;
        return 0;
    }

    private int LeastLevel()
    {
        int index = 0;
        while (index < _levels.Length - 1 && _levels[index].Count == 0) index++;
        return index;
    }

    private sealed class Level
    {
        public readonly MessageDeque Fresh = new();
        public readonly PriorityQueue<QueueEntry, ulong> Returned = new();

        public int Count => Fresh.Count + Returned.Count;
    }
}
