namespace Quintet.Broker.Queues;

/// <summary>First in, first out, in chunks: growth copies nothing and a drained queue gives its memory back.</summary>
internal sealed class MessageDeque
{
    private const int ChunkEntries = 256;

    private Chunk? _head;
    private Chunk? _tail;
    private Chunk? _spare;
    private int _headIndex;
    private int _tailCount;

    public int Count { get; private set; }

    public void Add(in QueueEntry entry)
    {
        if (_tail is null || _tailCount == ChunkEntries)
        {
            Chunk chunk = _spare ?? new Chunk();
            _spare = null;
            if (_tail is null) _head = chunk;
            else _tail.Next = chunk;
            _tail = chunk;
            _tailCount = 0;
        }

        _tail.Entries[_tailCount++] = entry;
        Count++;
    }

    /// <summary>The oldest entry; the deque must not be empty.</summary>
    public ref readonly QueueEntry First => ref _head!.Entries[_headIndex];

    public void RemoveFirst()
    {
        _head!.Entries[_headIndex++] = default;
        Count--;
        if (Count == 0)
        {
            _headIndex = 0;
            _tailCount = 0;
            _head = _tail;
        }
        else if (_headIndex == ChunkEntries)
        {
            Chunk done = _head;
            _head = done.Next;
            _headIndex = 0;
            done.Next = null;
            _spare = done;
        }
    }

    public void Clear()
    {
        _head = _tail = _spare = null;
        _headIndex = _tailCount = Count = 0;
    }

    private sealed class Chunk
    {
        public readonly QueueEntry[] Entries = new QueueEntry[ChunkEntries];
        public Chunk? Next;
    }
}
