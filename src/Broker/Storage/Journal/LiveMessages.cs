using System.Runtime.CompilerServices;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>
/// What is in the log and still wanted: the position of every live copy, and the segments with their counts. Guarded by the log's gate.
/// </summary>
internal sealed class LiveMessages
{
    private readonly Dictionary<uint, Segment> _segments = [];
    private Segment? _last;

    public MessageIndex Index { get; } = new();

    /// <summary>Every segment whose file may still be on the disk.</summary>
    public IReadOnlyCollection<Segment> Segments => _segments.Values;

    public void AddSegment(Segment segment) => _segments.Add(segment.Number, segment);

    public void RemoveSegment(Segment segment)
    {
        _segments.Remove(segment.Number);
        _last = null;
    }

    public bool Contains(Segment segment) => _segments.TryGetValue(segment.Number, out Segment? known) && ReferenceEquals(known, segment);

    public Segment SegmentOf(in IndexEntry entry)
    {
        if (_last is null || _last.Number != entry.Segment)
            _last = _segments[entry.Segment];
        return _last;
    }

    /// <summary>Where the copy lies; a null reference when it is settled or unknown.</summary>
    public ref IndexEntry Find(ulong id) => ref Index.Find(id);

    public void Add(ulong id, Segment segment, in IndexEntry entry)
    {
        Index.Add(id, entry);
        segment.LiveCopies++;
        segment.LiveBytes += entry.Share;
        segment.Messages = segment.Messages.With(id, id);
    }

    /// <summary>The copy lies elsewhere from now on.</summary>
    public void Move(ulong id, Segment target, IndexEntry entry, ulong batch)
    {
        ref IndexEntry known = ref Index.Find(id);
        Leave(SegmentOf(known), known, batch);
        known = entry;
        target.LiveCopies++;
        target.LiveBytes += entry.Share;
        target.Messages = target.Messages.With(id, id);
    }

    /// <summary>False when it was settled before.</summary>
    public bool Settle(ulong id, ulong batch, out bool leavesDeadSegment)
    {
        leavesDeadSegment = false;
        if (!Index.Remove(id, out IndexEntry entry))
            return false;
        Segment segment = SegmentOf(entry);
        Leave(segment, entry, batch);
        leavesDeadSegment = segment is { LiveCopies: 0, IsSealed: true };
        return true;
    }

    /// <summary>Whether an older file may still hold a message that a note in this segment speaks of: without the note it would come back.</summary>
    public bool AreNotesNeeded(Segment segment) => !segment.AreNotesCarried && IsOlderHolding(segment, segment.Noted);

    public bool IsOlderHolding(Segment segment, IdRange ids)
    {
        foreach (Segment other in _segments.Values)
        {
            if (other.Number < segment.Number && other.Messages.Touches(ids))
                return true;
        }

        return false;
    }

    public bool IsKnown(ulong id) => !Unsafe.IsNullRef(ref Index.Find(id));

    private static void Leave(Segment segment, in IndexEntry entry, ulong batch)
    {
        segment.LiveCopies--;
        segment.LiveBytes -= entry.Share;
        if (segment.LiveCopies == 0)
            segment.DeadSinceBatch = batch;
    }
}
