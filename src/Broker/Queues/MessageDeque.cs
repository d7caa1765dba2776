using Quintet.Broker.Storage;

namespace Quintet.Broker.Queues;

/// <summary>
/// First in, first out, in chunks: growth copies nothing and a drained queue gives its memory back. A stored message without an expiry takes eight
/// octets, so that ten million of them take 80 MB: what the plain message does not have is kept beside, in arrays a chunk makes when it needs them.
/// </summary>
internal sealed class MessageDeque
{
    private const int ChunkEntries = 256;

    private Chunk? _head;
    private Chunk? _tail;
    private Chunk? _spare;
    private int _headIndex;
    private ulong _firstPosition;

    public int Count { get; private set; }

    /// <summary>The oldest entry; the deque must not be empty. Positions count the entries that were ever added.</summary>
    public QueueEntry First
    {
        get
        {
            QueueEntry entry = _head![_headIndex];
            entry.Position = _firstPosition;
            return entry;
        }
    }

    public void Add(in QueueEntry entry)
    {
        if (_tail is null || !_tail.TryAdd(entry))
        {
            Chunk chunk = _spare ?? new Chunk();
            _spare = null;
            chunk.TryAdd(entry);
            if (_tail is null) _head = chunk;
            else _tail.Next = chunk;
            _tail = chunk;
        }

        Count++;
    }

    /// <summary>Removes the oldest entry; the octets of its body.</summary>
    public int RemoveFirst()
    {
        int bodyBytes = _head!.Release(_headIndex++);
        _firstPosition++;
        Count--;
        if (_headIndex == _head.Used)
        {
            Chunk done = _head;
            _head = done.Next ?? done;
            _headIndex = 0;
            done.Empty();
            if (_head != done) _spare = done;
        }

        return bodyBytes;
    }

    private sealed class Chunk
    {
        private const uint RedeliveredBit = 1u << 31;

        // Ids of a queue's messages lie close together: each is kept as its distance from the first.
        private readonly int[] _ids = new int[ChunkEntries];
        private readonly uint[] _bodies = new uint[ChunkEntries];
        private ulong? _firstId;
        private long[]? _expiries;
        private MemoryMessage?[]? _memories;
        private ushort[]? _deliveryCounts;
        private byte[]? _priorities;

        public Chunk? Next { get; set; }

        public int Used { get; private set; }

        public QueueEntry this[int index]
        {
            get
            {
                MemoryMessage? memory = _memories?[index];
                return new QueueEntry
                {
                    Memory = memory,
                    Ref = memory is null ? new MessageRef(_firstId!.Value + (ulong)(long)_ids[index]) : default,
                    BodyBytes = (int)(_bodies[index] & ~RedeliveredBit),
                    IsRedelivered = (_bodies[index] & RedeliveredBit) != 0,
                    ExpiresAt = _expiries?[index] ?? 0,
                    DeliveryCount = _deliveryCounts?[index] ?? 0,
                    Priority = _priorities?[index] ?? 0,
                };
            }
        }

        /// <summary>False when the chunk is full, or the id is too far from the others.</summary>
        public bool TryAdd(in QueueEntry entry)
        {
            if (Used == ChunkEntries) return false;
            long distance = 0;
            if (entry.IsStored)
            {
                _firstId ??= entry.Ref.Id;
                distance = (long)(entry.Ref.Id - _firstId.Value);
                if (distance != (int)distance) return false;
            }

            int index = Used++;
            _ids[index] = (int)distance;
            _bodies[index] = (uint)entry.BodyBytes | (entry.IsRedelivered ? RedeliveredBit : 0);
            // An array that is there may hold what was in the chunk before, so it is always written.
            if (_expiries is not null || entry.ExpiresAt != 0) (_expiries ??= new long[ChunkEntries])[index] = entry.ExpiresAt;
            if (_memories is not null || !entry.IsStored) (_memories ??= new MemoryMessage?[ChunkEntries])[index] = entry.Memory;
            if (_deliveryCounts is not null || entry.DeliveryCount != 0) (_deliveryCounts ??= new ushort[ChunkEntries])[index] = entry.DeliveryCount;
            if (_priorities is not null || entry.Priority != 0) (_priorities ??= new byte[ChunkEntries])[index] = entry.Priority;
            return true;
        }

        /// <summary>Lets go of what the entry holds; the octets of its body.</summary>
        public int Release(int index)
        {
            if (_memories is not null) _memories[index] = null;
            return (int)(_bodies[index] & ~RedeliveredBit);
        }

        /// <summary>All of it was removed: it may be filled again.</summary>
        public void Empty() => (Next, Used, _firstId) = (null, 0, null);
    }
}
