using System.Runtime.InteropServices;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>
/// Settled messages and delivery counts that are not in the log yet. They go there as one record per batch: consumers acknowledge in order, so runs
/// of ids are the rule. When the disk is full they wait here. Guarded by the log's gate.
/// </summary>
internal sealed class PendingNotes
{
    private const int EntriesMax = 1024;

    private readonly List<Run> _settled = [];
    private readonly List<ulong> _delivered = [];

    public bool IsEmpty => _settled.Count == 0 && _delivered.Count == 0;

    public int Count => _settled.Count + _delivered.Count;

    /// <summary>Bytes of the next record; 0 when there is none.</summary>
    public int NextBytes =>
        _settled.Count > 0 ? RecordLayout.EntriesBytes(Math.Min(_settled.Count, EntriesMax))
        : _delivered.Count > 0 ? RecordLayout.EntriesBytes(Math.Min(_delivered.Count, EntriesMax))
        : 0;

    public void AddSettled(ulong first, uint count = 1)
    {
        Span<Run> runs = CollectionsMarshal.AsSpan(_settled);
        if (runs.Length > 0 && runs[^1].First + runs[^1].Count == first && runs[^1].Count <= uint.MaxValue - count)
            runs[^1].Count += count;
        else
            _settled.Add(new Run { First = first, Count = count });
    }

    public void AddDelivered(ulong id) => _delivered.Add(id);

    /// <summary>Gives them up: those messages are delivered again after a restart.</summary>
    public void Clear()
    {
        _settled.Clear();
        _delivered.Clear();
    }

    /// <summary>Fills a record of <see cref="NextBytes"/> bytes with the newest entries; their order does not matter.</summary>
    public void Write(Span<byte> record, Segment segment, LiveMessages live)
    {
        if (_settled.Count > 0)
            WriteSettled(record, segment);
        else
            WriteDelivered(record, segment, live);
        segment.NoteBytes += record.Length;
        RecordLayout.Close(record, segment.Seed);
    }

    private void WriteSettled(Span<byte> record, Segment segment)
    {
        RecordLayout.WriteEntriesHead(record, RecordKind.Settled);
        int count = Math.Min(_settled.Count, EntriesMax);
        int from = _settled.Count - count;
        for (int index = 0; index < count; index++)
        {
            Run run = _settled[from + index];
            RecordLayout.WriteEntry(record, index, run.First, run.Count);
            segment.Noted = segment.Noted.With(run.First, run.First + run.Count - 1);
        }

        _settled.RemoveRange(from, count);
    }

    private void WriteDelivered(Span<byte> record, Segment segment, LiveMessages live)
    {
        RecordLayout.WriteEntriesHead(record, RecordKind.Delivered);
        int count = Math.Min(_delivered.Count, EntriesMax);
        int from = _delivered.Count - count;
        for (int index = 0; index < count; index++)
        {
            ulong id = _delivered[from + index];
            // Settled meanwhile: the note is void, and says so by a count of 0.
            uint deliveries = live.IsKnown(id) ? live.Find(id).DeliveryCount : 0u;
            RecordLayout.WriteEntry(record, index, id, deliveries);
            segment.Noted = segment.Noted.With(id, id);
        }

        _delivered.RemoveRange(from, count);
    }

    private struct Run
    {
        public ulong First;
        public uint Count;
    }
}
