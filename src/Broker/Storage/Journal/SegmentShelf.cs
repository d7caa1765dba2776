using System.Runtime.CompilerServices;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>The log as housekeeping and compaction see it: segments that come, are emptied and go.</summary>
internal sealed class SegmentShelf(LogState log)
{
    /// <summary>Asks something under the gate.</summary>
    public T Look<T>(Func<LiveMessages, LogTail, ulong, T> question)
    {
        lock (log.Gate)
            return question(log.Live, log.Tail, log.DurableBatch);
    }

    /// <summary>Notes about these copies must outlive the segment they are in.</summary>
    public void NoteAgain(ulong first, uint count, bool areSettled)
    {
        lock (log.Gate)
        {
            if (areSettled)
                log.Notes.AddSettled(first, count);
            else if (log.Live.IsKnown(first))
                log.Notes.AddDelivered(first);
        }
    }

    /// <summary>Writes what is left of a message again at the end of the log.</summary>
    /// <exception cref="StorageFullException">There is no room even in the reserve.</exception>
    public void Carry(Segment source, long offset, in MessageView message)
    {
        CarriedCopy[] copies = new CarriedCopy[message.Copies];
        lock (log.Gate)
        {
            if (TakeLive(source, offset, message, copies) == 0)
                return;
            log.WaitForRoom(RecordLayout.CarriedBytes(copies.Length, message.Content.Length), mayUseReserve: true);
            // Again: waiting leaves the gate, and a settle may have come between.
            int count = TakeLive(source, offset, message, copies);
            if (count == 0)
                return;
            int size = RecordLayout.CarriedBytes(count, message.Content.Length);
            RecordLayout.WriteCarried(log.Tail.Reserve(size, out long target), log.Tail.Active.Seed, message, copies.AsSpan(0, count));
            foreach (CarriedCopy copy in copies.AsSpan(0, count))
            {
                IndexEntry entry = new()
                {
                    Segment = log.Tail.Active.Number,
                    Offset = (uint)target,
                    Size = (uint)size,
                    Copies = (ushort)count,
                    DeliveryCount = copy.DeliveryCount,
                };
                log.Live.Move(copy.Id, log.Tail.Active, entry, log.Tail.Gathering.Number);
            }

            log.WantsWriter();
        }
    }

    /// <summary>Number and first id of the segment to be made; 0 when there is one.</summary>
    public (uint Number, ulong NextId) NextSegment()
    {
        lock (log.Gate)
            return log.Tail.Next is null ? (log.Tail.Active.Number + 1, log.Tail.NextId) : (0, 0);
    }

    public void Offer(Segment next)
    {
        lock (log.Gate)
        {
            log.Live.AddSegment(next);
            log.Tail.Next = next;
            // Notes and flushes may have waited for it.
            if (!log.Notes.IsEmpty || log.Tail.Gathering.Flushes.Count > 0)
                log.Tail.Gathering.IsUrgent = true;
            Monitor.PulseAll(log.Gate);
        }

        log.Writing.Set();
    }

    /// <summary>The file is gone for good.</summary>
    public void Forget(Segment segment)
    {
        lock (log.Gate)
        {
            while (segment.Blocks.Count > 0)
                log.Cache.Forget(segment.Blocks[^1]);
            log.Live.RemoveSegment(segment);
        }

        segment.File.Dispose();
    }

    /// <summary>Now and then: gives memory back that is not needed any more.</summary>
    public void Shrink()
    {
        lock (log.Gate)
            log.Live.Index.Shrink();
        log.Cache.Shrink();
    }

    /// <summary>After the writer and housekeeping have ended.</summary>
    public void CloseFiles()
    {
        log.LetWaitersLook();
        lock (log.Gate)
        {
            foreach (Segment segment in log.Live.Segments)
                segment.File.Dispose();
        }
    }

    private int TakeLive(Segment source, long offset, in MessageView message, CarriedCopy[] live)
    {
        int count = 0;
        for (int index = 0; index < message.Copies; index++)
        {
            CarriedCopy copy = message.Copy(index);
            ref IndexEntry entry = ref log.Live.Find(copy.Id);
            if (!Unsafe.IsNullRef(ref entry) && entry.Segment == source.Number && entry.Offset == offset)
                live[count++] = copy with { DeliveryCount = entry.DeliveryCount };
        }

        return count;
    }
}
