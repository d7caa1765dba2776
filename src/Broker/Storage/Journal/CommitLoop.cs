using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>
/// The one thread that writes: takes the batch that gathered, writes it, syncs once, tells the waiters, and finds the next batch waiting.
/// </summary>
internal sealed class CommitLoop(BatchQueue batches, StorageOptions options, StorageHealth health, Disk disk)
{
    private readonly List<ReadOnlyMemory<byte>> _buffers = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Signal _retry = new();
    private volatile bool _givesUp;

    /// <summary>Completes when everything is written and the log is ended, or after a failure.</summary>
    public Task Ended => _ended.Task;

    public void Start() => new Thread(Run) { IsBackground = true, Name = "storage writer" }.Start();

    /// <summary>A full disk may have room again.</summary>
    public void Retry() => _retry.Set();

    /// <summary>A full disk is not waited for any longer.</summary>
    public void GiveUp()
    {
        _givesUp = true;
        _retry.Set();
    }

    private void Run()
    {
        Batch? batch = null;
        try
        {
            while ((batch = batches.TakeBatch()) is not null)
            {
                Write(batch.Pieces);
                batches.Complete(batch);
                foreach ((DurabilityWaiter waiter, ulong tag) in batch.Waiters)
                    waiter.Durable(tag);
                foreach (TaskCompletionSource flush in batch.Flushes)
                    flush.SetResult();
                batches.GiveBack(batch);
            }
        }
        catch (Exception failure)
        {
            // What the disk holds of this batch is unknown from here on (after a failed fsync even a later success proves nothing),
            // so nobody is told anything more but this.
            health.Fail(failure);
            FailFlushes(batch?.Flushes ?? []);
        }

        // Also when another thread of the store failed it.
        if (health.State == StorageState.Failed)
            FailFlushes(batches.GatheringFlushes());
        _ended.SetResult();
    }

    /// <summary>Writes and syncs the pieces, one segment wholly before the next: recovery relies on it.</summary>
    private void Write(ReadOnlySpan<Batch.Piece> pieces)
    {
        for (int first = 0; first < pieces.Length;)
        {
            Segment segment = pieces[first].Block.Segment;
            long offset = pieces[first].Block.FileOffset + pieces[first].From;
            long end = offset;
            _buffers.Clear();
            for (; first < pieces.Length && ReferenceEquals(pieces[first].Block.Segment, segment); first++)
            {
                _buffers.Add(pieces[first].Bytes);
                end += pieces[first].Bytes.Length;
            }

            WriteWhenThereIsSpace(segment.File, offset);
            bool isWhole = end == segment.EndsAt;
            if (isWhole)
                segment.File.Truncate(end);
            if (isWhole || options.Durability == Durability.Fsync)
                segment.File.SyncData();
        }

        _buffers.Clear();
    }

    private void WriteWhenThereIsSpace(DiskFile file, long offset)
    {
        bool wasRefused = false;
        while (true)
        {
            try
            {
                file.Write(_buffers, offset);
                break;
            }
            catch (IOException failure) when (disk.MeansFull(failure) && !_givesUp)
            {
                // Segments have their space before they are written, so this is a file system that copies on write, or an oversized message.
                wasRefused = true;
                health.Report(SpaceProblem.WriteRefused, $"the disk of {disk.Folder} is full: {failure.Message}");
                _retry.Wait();
            }
        }

        if (wasRefused)
            health.Report(SpaceProblem.WriteRefused, null);
    }

    private void FailFlushes(List<TaskCompletionSource> flushes)
    {
        foreach (TaskCompletionSource flush in flushes)
            flush.TrySetException(health.Down());
    }
}
