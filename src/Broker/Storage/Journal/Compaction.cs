using System.Buffers.Binary;
using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>
/// The thread that frees segments which a few long-lived messages keep: writes those again at the end of the log, with the notes that are still
/// needed, after which the segment is dead like any other. Costs at most about one written byte for each byte it gives back.
/// </summary>
internal sealed class Compaction(LogState log, SegmentShelf shelf, MessageLog messages, Disk disk)
{
    /// <summary>Not worth moving above this share of bytes to keep.</summary>
    private const double KeptShareMax = 0.9;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isClosing;

    public Task Ended => _ended.Task;

    public void Start() => new Thread(Run) { IsBackground = true, Name = "storage compaction" }.Start();

    public void Close()
    {
        _isClosing = true;
        log.Compacting.Set();
    }

    private void Run()
    {
        try
        {
            while (!_isClosing)
            {
                if (!TryCompactOne())
                    log.Compacting.Wait();
            }
        }
        catch (StorageFailedException)
        {
            // The store has failed and said so, or is being closed; half a compaction does no harm.
        }
        catch (Exception failure)
        {
            log.Health.Fail(failure);
        }

        _ended.SetResult();
    }

    private bool TryCompactOne()
    {
        try
        {
            Segment? segment = shelf.Look((live, _, _) => Choose(live));
            if (segment is null)
                return false;
            Compact(segment);
            return true;
        }
        catch (ObjectDisposedException)
        {
            // The last of its messages was settled meanwhile, and housekeeping has deleted it.
            return true;
        }
        catch (StorageFullException)
        {
            // It needs a little room itself; that there is none is reported already, and dead segments are deleted without.
            return false;
        }
        catch (IOException failure) when (failure is not StorageFailedException)
        {
            log.Health.Report(SpaceProblem.NotCompacted, $"a segment in {disk.Folder} cannot be compacted: {failure.Message}");
            return false;
        }
    }

    private void Compact(Segment segment)
    {
        SegmentReader reader = new(segment);
        while (!_isClosing && reader.TryNext(out ReadOnlySpan<byte> payload))
            Carry(segment, reader.Offset, payload);
        if (_isClosing)
            return;
        if (reader.End != ReadEnd.Ended)
        {
            shelf.Look((_, _, _) => segment.IsDamaged = true);
            throw new StorageDamagedException(Path.Combine(disk.Folder, segment.Name), reader.Position, reader.Reason);
        }

        // This thread is our own and has nothing else to do until the copies are safe.
        messages.FlushedAsync().GetAwaiter().GetResult();
        shelf.Look((_, _, _) => segment.AreNotesCarried = true);
        log.Housekeeping.Set();
    }

    private Segment? Choose(LiveMessages live)
    {
        long kept = 0;
        long total = 0;
        Segment? best = null;
        double bestShare = KeptShareMax;
        foreach (Segment segment in live.Segments)
        {
            // What was compacted a moment ago is as good as deleted.
            if (!segment.IsSealed || segment.IsDamaged || segment.AreNotesCarried)
                continue;
            bool areNotesNeeded = live.AreNotesNeeded(segment);
            // Dead: the other thread deletes it as it is.
            if (segment.LiveCopies == 0 && !areNotesNeeded)
                continue;
            long bytes = segment.LiveBytes + (areNotesNeeded ? segment.NoteBytes : 0);
            kept += bytes;
            total += segment.Position;
            double share = (double)bytes / segment.Position;
            if (share < bestShare)
                (best, bestShare) = (segment, share);
        }

        return total - kept > Math.Max(log.Options.CompactionBytesMin, (long)(kept * log.Options.CompactionRatio)) ? best : null;
    }

    private void Carry(Segment segment, long offset, ReadOnlySpan<byte> payload)
    {
        switch ((RecordKind)payload[0])
        {
            case RecordKind.Message or RecordKind.Carried when MessageView.TryCreate(payload, out MessageView message):
                shelf.Carry(segment, offset, message);
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
        if (shelf.Look((live, _, _) => live.IsOlderHolding(segment, new IdRange(first, first + count - 1))))
            shelf.NoteAgain(first, count, areSettled);
    }
}
