using System.Buffers.Binary;
using Quintet.Broker.Storage.Disks;

namespace Quintet.Broker.Storage.Segments;

/// <summary>
/// Frees segments that a few long-lived messages keep: writes those again at the end of the log, with the notes that are still needed, after which
/// the segment is dead like any other. Costs at most about one written byte for each byte it gives back.
/// </summary>
internal sealed class Compaction(MessageLog log, StorageOptions options, Disk disk)
{
    /// <summary>Not worth moving above this share of bytes to keep.</summary>
    private const double KeptShareMax = 0.9;

    /// <summary>Compacts one segment if enough space is wasted. Returns whether it did.</summary>
    public bool RunOnce()
    {
        Segment? segment = log.Look((live, _, _) => Choose(live));
        if (segment is null)
            return false;
        SegmentReader reader = new(segment);
        while (reader.TryNext(out ReadOnlySpan<byte> payload))
            Carry(segment, reader.Offset, payload);
        if (reader.End != ReadEnd.Ended)
        {
            segment.IsDamaged = true;
            throw new StorageDamagedException(Path.Combine(disk.Folder, segment.Name), reader.Position, reader.Reason);
        }

        // This thread is our own and has nothing else to do until the copies are safe.
        log.FlushedAsync().GetAwaiter().GetResult();
        segment.AreNotesCarried = true;
        return true;
    }

    private Segment? Choose(LiveMessages live)
    {
        long kept = 0;
        long total = 0;
        Segment? best = null;
        double bestShare = KeptShareMax;
        foreach (Segment segment in live.Segments)
        {
            if (!segment.IsSealed || segment.IsDamaged)
                continue;
            long bytes = segment.LiveBytes + (segment.NoteBytes > 0 && live.AreNotesNeeded(segment) ? segment.NoteBytes : 0);
            kept += bytes;
            total += segment.Position;
            double share = (double)bytes / segment.Position;
            if (share < bestShare && !segment.AreNotesCarried)
                (best, bestShare) = (segment, share);
        }

        return total - kept > Math.Max(options.CompactionBytesMin, (long)(kept * options.CompactionRatio)) ? best : null;
    }

    private void Carry(Segment segment, long offset, ReadOnlySpan<byte> payload)
    {
        switch ((RecordKind)payload[0])
        {
            case RecordKind.Message or RecordKind.Carried when MessageView.TryCreate(payload, out MessageView message):
                log.Carry(segment, offset, message);
                if (message.Settles != 0)
                    CarryNote(segment, message.Settles, 1, areSettled: true);
                break;
            case RecordKind.Settled or RecordKind.Delivered:
                bool areSettled = payload[0] == (byte)RecordKind.Settled;
                for (ReadOnlySpan<byte> entries = payload[RecordLayout.EntriesOffset..]; !entries.IsEmpty; entries = entries[RecordLayout.EntryBytes..])
                {
                    ulong first = BinaryPrimitives.ReadUInt64LittleEndian(entries);
                    CarryNote(segment, first, areSettled ? BinaryPrimitives.ReadUInt32LittleEndian(entries[8..]) : 1, areSettled);
                }

                break;
        }
    }

    private void CarryNote(Segment segment, ulong first, uint count, bool areSettled)
    {
        if (log.Look((live, _, _) => live.IsOlderHolding(segment, new IdRange(first, first + count - 1))))
            log.NoteAgain(first, count, areSettled);
    }
}
