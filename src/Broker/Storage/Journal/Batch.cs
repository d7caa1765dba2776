using System.Runtime.InteropServices;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>
/// What is written and synced together, and who waits for it. Two of them take turns: one gathers under the log's gate while the other is being
/// written, when it belongs to the writer alone.
/// </summary>
internal sealed class Batch
{
    private readonly List<Piece> _pieces = [];
    private readonly List<(DurabilityWaiter Waiter, ulong Tag)> _waiters = [];
    private readonly List<TaskCompletionSource> _flushes = [];

    public ulong Number { get; private set; }

    /// <summary>Whether the mark that opens it has been written into the segment at hand.</summary>
    public bool IsMarked { get; set; }

    /// <summary>Somebody waits, or enough has gathered: to be written as soon as the writer is free.</summary>
    public bool IsUrgent { get; set; }

    /// <summary>The timer that makes it urgent is running.</summary>
    public bool IsTimed { get; set; }

    /// <summary>Something settled in it left a whole segment without a live message.</summary>
    public bool HasDeadSegment { get; set; }

    public long Bytes { get; private set; }

    public bool IsEmpty => _pieces.Count == 0 && _flushes.Count == 0;

    public ReadOnlySpan<Piece> Pieces => CollectionsMarshal.AsSpan(_pieces);

    public ReadOnlySpan<(DurabilityWaiter Waiter, ulong Tag)> Waiters => CollectionsMarshal.AsSpan(_waiters);

    public List<TaskCompletionSource> Flushes => _flushes;

    public void Begin(ulong number)
    {
        _pieces.Clear();
        _waiters.Clear();
        _flushes.Clear();
        Number = number;
        IsMarked = IsUrgent = IsTimed = HasDeadSegment = false;
        Bytes = 0;
    }

    /// <summary>The next <paramref name="count"/> bytes of the block belong to this batch.</summary>
    public void Add(Block block, int from, int count)
    {
        Bytes += count;
        Span<Piece> pieces = CollectionsMarshal.AsSpan(_pieces);
        if (pieces.Length > 0 && ReferenceEquals(pieces[^1].Block, block))
            pieces[^1].To = from + count;
        else
            _pieces.Add(new Piece(block, from) { To = from + count });
    }

    public void Add(DurabilityWaiter waiter, ulong tag)
    {
        IsUrgent = true;
        if (waiter.ListedInBatch == Number)
        {
            ref ulong highest = ref CollectionsMarshal.AsSpan(_waiters)[waiter.ListedAt].Tag;
            highest = Math.Max(highest, tag);
            return;
        }

        waiter.ListedInBatch = Number;
        waiter.ListedAt = _waiters.Count;
        _waiters.Add((waiter, tag));
    }

    internal struct Piece(Block block, int from)
    {
        public readonly Block Block = block;
        public readonly int From = from;
        public int To;

        public readonly ReadOnlyMemory<byte> Bytes => Block.Bytes.AsMemory(From, To - From);
    }
}
