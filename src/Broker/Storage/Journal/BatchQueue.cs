using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>The log as the writer sees it: one batch after the other.</summary>
internal sealed class BatchQueue(LogState log)
{
    /// <summary>The next batch once it is due; null at the end.</summary>
    public Batch? TakeBatch()
    {
        while (true)
        {
            lock (log.Gate)
            {
                if (log.Health.State == StorageState.Failed)
                    return null;
                if (log.Tail.Gathering.IsUrgent || log.IsClosing)
                    return Swap();
            }

            log.Writing.Wait();
        }
    }

    /// <summary>The batch is as durable as it gets. The waiters are told by the writer, outside the gate.</summary>
    public void Complete(Batch batch)
    {
        lock (log.Gate)
        {
            foreach (ref readonly Batch.Piece piece in batch.Pieces)
            {
                Segment segment = piece.Block.Segment;
                piece.Block.WrittenTo = piece.To;
                segment.WrittenTo = piece.Block.FileOffset + piece.To;
                if (segment.WrittenTo == segment.EndsAt)
                {
                    segment.IsSealed = true;
                    log.Housekeeping.Set();
                }
            }

            if (batch.HasDeadSegment)
                log.Housekeeping.Set();
            log.DurableBatch = batch.Number;
            log.Cache.Trim();
        }
    }

    /// <summary>The writer has no more use for the batch.</summary>
    public void GiveBack(Batch batch)
    {
        lock (log.Gate)
            log.Tail.GiveBack(batch);
        log.LetWaitersLook();
    }

    /// <summary>Appends nothing more and lets the writer end the log.</summary>
    public void Close()
    {
        lock (log.Gate)
            log.IsClosing = true;
        log.Dispose();
        log.Writing.Set();
        log.LetWaitersLook();
    }

    /// <summary>After a failure: whoever waits for a flush in a batch that is never written.</summary>
    public List<TaskCompletionSource> GatheringFlushes()
    {
        lock (log.Gate)
            return log.Tail.Gathering.Flushes;
    }

    private Batch? Swap()
    {
        while (!log.Notes.IsEmpty && log.Tail.TryFit(log.Notes.NextBytes, mayUseReserve: true))
            log.Notes.Write(log.Tail.Reserve(log.Notes.NextBytes, out _), log.Tail.Active, log.Live);
        if (log.Tail.Next is null)
            log.Housekeeping.Set();
        if (log.IsClosing && log.Tail.Gathering.IsEmpty)
        {
            if (log.Tail.Active.EndsAt != 0)
                return null;
            log.Tail.Close();
        }

        Batch full = log.Tail.Swap();
        if (!log.Notes.IsEmpty)
            Postpone(full);
        return full;
    }

    /// <summary>There was no room for all notes: whoever waits for a flush waits until the next segment is there.</summary>
    private void Postpone(Batch batch)
    {
        if (log.IsClosing)
        {
            log.Notes.Clear();
            foreach (TaskCompletionSource flush in batch.Flushes)
                flush.SetException(new StorageFullException(log.Health.Reason));
        }
        else
        {
            log.Tail.Gathering.Flushes.AddRange(batch.Flushes);
        }

        batch.Flushes.Clear();
    }
}
