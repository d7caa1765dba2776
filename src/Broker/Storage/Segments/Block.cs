namespace Quintet.Broker.Storage.Segments;

/// <summary>
/// A stretch of a segment in memory, of whole records: either being appended to and not yet on disk, or kept because its messages are young,
/// or read back. Owned by the cache and by every lease; the memory goes back to the pool when the last of them lets go.
/// </summary>
internal sealed class Block(BlockCache cache, Segment segment, long fileOffset, byte[] bytes)
{
    private int _owners = 1;

    public Segment Segment { get; } = segment;

    public long FileOffset { get; } = fileOffset;

    public byte[] Bytes { get; } = bytes;

    /// <summary>Guarded by the log's gate, as are the next two.</summary>
    public int Filled { get; set; }

    public int WrittenTo { get; set; }

    /// <summary>All of it is in the file. Only of a block nothing more is appended to: then it may be forgotten.</summary>
    public bool IsWritten => WrittenTo == Filled;

    /// <summary>Already taken out of the cache.</summary>
    public bool IsForgotten { get; set; }

    public int Room => Bytes.Length - Filled;

    /// <summary>Only while the caller holds the gate or is an owner already, so that the last owner is not leaving at the same moment.</summary>
    public void Lend() => Interlocked.Increment(ref _owners);

    public void Release()
    {
        int owners = Interlocked.Decrement(ref _owners);
        System.Diagnostics.Debug.Assert(owners >= 0, "a lease was given back twice");
        if (owners == 0)
            cache.Reuse(Bytes);
    }
}
