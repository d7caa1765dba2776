namespace Quintet.Broker.Storage.Segments;

/// <summary>
/// The blocks in memory, oldest first, under a limit. Guarded by the log's gate, but for the pool of free arrays, which leases return to from anywhere.
/// </summary>
internal sealed class BlockCache(long bytesMax, int blockBytes)
{
    private const int PooledMax = 256;
    private readonly Queue<Block> _closed = new();
    private readonly Stack<byte[]> _free = new();
    private long _bytes;
    private int _unneeded;

    public int BlockBytes => blockBytes;

    public long Bytes => _bytes;

    /// <summary>A block at the given place, large enough for a record of that size.</summary>
    public Block Open(Segment segment, long fileOffset, int size)
    {
        Block block = new(this, segment, fileOffset, Rent(size));
        _bytes += block.Bytes.Length;
        segment.AddBlock(block);
        return block;
    }

    /// <summary>A block of what was read from the file.</summary>
    public Block Add(Segment segment, long fileOffset, byte[] bytes, int filled)
    {
        Block block = new(this, segment, fileOffset, bytes) { Filled = filled, WrittenTo = filled };
        _bytes += bytes.Length;
        segment.AddBlock(block);
        Close(block);
        return block;
    }

    /// <summary>Nothing more is appended to the block; it may go once it is written.</summary>
    public void Close(Block block) => _closed.Enqueue(block);

    /// <summary>Forgets the oldest blocks until the limit is kept or the oldest is not written yet.</summary>
    public void Trim()
    {
        while (_closed.TryPeek(out Block? oldest) && (oldest.IsForgotten || (_bytes > bytesMax && oldest.IsWritten)))
        {
            _closed.Dequeue();
            Forget(oldest);
        }
    }

    /// <summary>The segment is gone, or nobody wants what is in the block.</summary>
    public void Forget(Block block)
    {
        if (block.IsForgotten)
            return;
        block.IsForgotten = true;
        _bytes -= block.Bytes.Length;
        block.Segment.RemoveBlock(block);
        block.Release();
    }

    /// <summary>Lets go of the memory nobody needed since the last call: what a burst took, a quiet broker does not keep.</summary>
    public void Shrink()
    {
        lock (_free)
        {
            for (; _unneeded > 0; _unneeded--)
                _free.Pop();
            _unneeded = _free.Count;
        }
    }

    public byte[] Rent(int size)
    {
        if (size > blockBytes)
            return GC.AllocateUninitializedArray<byte>(size);
        lock (_free)
        {
            bool isThere = _free.TryPop(out byte[]? bytes);
            _unneeded = Math.Min(_unneeded, _free.Count);
            if (isThere)
                return bytes!;
        }

        // Pinned, so that writing does not have to pin it again and again.
        return GC.AllocateUninitializedArray<byte>(blockBytes, pinned: true);
    }

    public void Reuse(byte[] bytes)
    {
        if (bytes.Length != blockBytes)
            return;
        lock (_free)
        {
            if (_free.Count < PooledMax)
                _free.Push(bytes);
        }
    }
}
