using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>
/// The end of the log: the segment being appended to, the one made ready behind it, and the batch that gathers. Guarded by the log's gate.
/// </summary>
internal sealed class LogTail(StorageOptions options, BlockCache cache, RecoveredLog recovered)
{
    private Block? _block;
    private Batch _spare = new();

    public Segment Active { get; private set; } = recovered.Active;

    /// <summary>Null from the moment it is taken until the next one is made.</summary>
    public Segment? Next { get; set; }

    public Batch Gathering { get; private set; } = NewBatch(1);

    /// <summary>The id of the next message.</summary>
    public ulong NextId { get; set; } = recovered.NextId;

    /// <summary>Bytes that are not written yet.</summary>
    public long PendingBytes { get; private set; }

    /// <summary>Kept free for settles and compaction while there is no next segment: they are what makes room again.</summary>
    private int ReservedBytes => options.SegmentBytes / 16;

    /// <summary>Makes a record of that size fit, with the next segment if need be; false when that is not ready.</summary>
    public bool TryFit(int size, bool mayUseReserve)
    {
        // A message larger than any segment goes into a fresh one, which grows.
        if (Active.IsFresh)
            return true;
        long end = Active.Position + size + RecordLayout.MarkBytes + RecordLayout.EndBytes;
        if (end <= Active.Capacity - (Next is null && !mayUseReserve ? ReservedBytes : 0))
            return true;
        if (Next is null)
            return false;
        Roll();
        return true;
    }

    /// <summary>Memory for a record that fits, behind the batch's mark.</summary>
    public Span<byte> Reserve(int size, out long offset)
    {
        if (!Gathering.IsMarked)
        {
            Gathering.IsMarked = true;
            // Whatever is before the first mark of a segment was synced when the segment before was sealed.
            bool allBeforeSynced = options.Durability == Durability.Fsync || Active.Position == Segment.HeaderBytes;
            long at = Active.Position;
            RecordLayout.WriteMark(ReserveBytes(RecordLayout.MarkBytes), Active, new Mark(Gathering.Number, at, NextId, allBeforeSynced));
        }

        offset = Active.Position;
        return ReserveBytes(size);
    }

    /// <summary>Hands the batch to the writer; the other one, given back before, gathers from now on.</summary>
    public Batch Swap()
    {
        Batch full = Gathering;
        Gathering = _spare;
        Gathering.Begin(full.Number + 1);
        return full;
    }

    /// <summary>The batch is written.</summary>
    public void GiveBack(Batch written)
    {
        PendingBytes -= written.Bytes;
        _spare = written;
    }

    /// <summary>Ends the log behind a mark, which proves that all before it was synced.</summary>
    public void Close()
    {
        Reserve(0, out _);
        End();
    }

    private void End()
    {
        RecordLayout.WriteEnd(ReserveBytes(RecordLayout.EndBytes), Active.Seed);
        Active.EndsAt = Active.Position;
    }

    private void Roll()
    {
        End();
        cache.Close(_block!);
        _block = null;
        Active = Next!;
        Next = null;
        Gathering.IsMarked = false;
    }

    private Span<byte> ReserveBytes(int size)
    {
        if (_block is null || _block.Room < size)
        {
            if (_block is not null)
                cache.Close(_block);
            _block = cache.Open(Active, Active.Position, size);
        }

        int from = _block.Filled;
        _block.Filled += size;
        Active.Position += size;
        PendingBytes += size;
        Gathering.Add(_block, from, size);
        return _block.Bytes.AsSpan(from, size);
    }

    private static Batch NewBatch(ulong number)
    {
        Batch batch = new();
        batch.Begin(number);
        return batch;
    }
}
