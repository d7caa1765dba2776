using System.Runtime.CompilerServices;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>
/// The memory side of the log: one gate, held for well under a microsecond a message, under which a record gets its place and its bytes are copied
/// into the block that the writer will write. While the writer syncs one batch, the next gathers here; no timer decides about a confirm.
/// </summary>
internal sealed class MessageLog(LogState log)
{
    public MessageRef Append(in NewMessage message, ulong settles, (DurabilityWaiter? Who, ulong Tag) waiter)
    {
        int copies = message.Queues.Length;
        if (copies is 0 or > ushort.MaxValue)
            throw new ArgumentException("a message goes to at least one and at most 65,535 queues", nameof(message));
        if (message.Envelope.Length + message.Body.Length > log.Options.MessageBytesMax)
            throw new ArgumentException($"a message has at most {log.Options.MessageBytesMax} bytes", nameof(message));
        int size = RecordLayout.MessageBytes(copies, message.Envelope.Length, message.Body.Length);

        ulong id;
        bool wakes;
        lock (log.Gate)
        {
            log.WaitForRoom(size, mayUseReserve: settles != 0);
            Span<byte> record = log.Tail.Reserve(size, out long offset);
            Segment segment = log.Tail.Active;
            id = log.Tail.NextId;
            log.Tail.NextId += (ulong)copies;
            RecordLayout.WriteMessage(record, segment.Seed, message, (id, settles));
            IndexEntry entry = new() { Segment = segment.Number, Offset = (uint)offset, Size = (uint)size, Copies = (ushort)copies };
            for (int copy = 0; copy < copies; copy++)
                log.Live.Add(id + (ulong)copy, segment, entry);
            if (settles != 0)
            {
                segment.Noted = segment.Noted.With(settles, settles);
                SettleInMemory(settles);
            }

            if (waiter.Who is not null)
                log.Tail.Gathering.Add(waiter.Who, waiter.Tag);
            wakes = log.WantsWriter();
        }

        if (wakes)
            log.Writing.Set();
        return new MessageRef(id);
    }

    public void Settle(ReadOnlySpan<MessageRef> messages)
    {
        bool wakes;
        lock (log.Gate)
        {
            foreach (MessageRef message in messages)
            {
                if (SettleInMemory(message.Id))
                    log.Notes.AddSettled(message.Id);
            }

            wakes = log.WantsWriter();
        }

        if (wakes)
            log.Writing.Set();
    }

    public void RecordDelivery(MessageRef message, ushort deliveryCount)
    {
        bool wakes;
        lock (log.Gate)
        {
            ref IndexEntry entry = ref log.Live.Find(message.Id);
            if (Unsafe.IsNullRef(ref entry) || entry.DeliveryCount == deliveryCount)
                return;
            entry.DeliveryCount = deliveryCount;
            log.Notes.AddDelivered(message.Id);
            wakes = log.WantsWriter();
        }

        if (wakes)
            log.Writing.Set();
    }

    public Task FlushedAsync()
    {
        TaskCompletionSource flushed;
        lock (log.Gate)
        {
            if (log.Health.State == StorageState.Failed)
                return Task.FromException(log.Health.Down());
            // Nothing gathers and nothing is being written: true of a closed store too, which was flushed when it closed.
            if (log.Tail.Gathering.IsEmpty && log.Notes.IsEmpty && log.DurableBatch + 1 == log.Tail.Gathering.Number)
                return Task.CompletedTask;
            flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            log.Tail.Gathering.Flushes.Add(flushed);
            log.Tail.Gathering.IsUrgent = true;
        }

        log.Writing.Set();
        return flushed.Task;
    }

    /// <summary>Where a copy lies and, if it is in memory, the block that holds it, lent. False when it is settled or unknown.</summary>
    public bool TryLocate(MessageRef message, out RecordPlace place)
    {
        lock (log.Gate)
        {
            place = default;
            ref IndexEntry entry = ref log.Live.Find(message.Id);
            if (Unsafe.IsNullRef(ref entry))
                return false;
            Segment segment = log.Live.SegmentOf(entry);
            Block? block = segment.FindBlock(entry.Offset, (int)entry.Size);
            block?.Lend();
            place = new RecordPlace(segment, entry.Offset, (int)entry.Size, block);
            return true;
        }
    }

    /// <summary>Keeps what was read from a segment; null, and the bytes stay the caller's, when the segment is gone meanwhile.</summary>
    public Block? Keep(in RecordPlace place, byte[] bytes, int filled)
    {
        lock (log.Gate)
        {
            if (!log.Live.Contains(place.Segment))
                return null;
            Block block = log.Cache.Add(place.Segment, place.Offset, bytes, filled);
            block.Lend();
            log.Cache.Trim();
            return block;
        }
    }

    private bool SettleInMemory(ulong id)
    {
        if (!log.Live.Settle(id, log.Tail.Gathering.Number, out bool leavesDeadSegment))
            return false;
        log.Tail.Gathering.HasDeadSegment |= leavesDeadSegment;
        return true;
    }

}

/// <summary>Where a record lies; the block, if it is in memory, is lent to the holder of this.</summary>
internal readonly record struct RecordPlace(Segment Segment, long Offset, int Size, Block? Block);
