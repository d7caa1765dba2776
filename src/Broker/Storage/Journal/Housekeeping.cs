using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>
/// The thread behind the writer's: makes the next segment ready, deletes dead ones, and watches the space on the disk. It never waits for the
/// writer, which may be waiting for it.
/// </summary>
internal sealed class Housekeeping(LogState log, SegmentShelf shelf, Disk disk)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isClosing;

    public Task Ended => _ended.Task;

    public void Start() => new Thread(Run) { IsBackground = true, Name = "storage housekeeping" }.Start();

    public void Close()
    {
        _isClosing = true;
        log.Housekeeping.Set();
    }

    private void Run()
    {
        try
        {
            while (!_isClosing && log.Health.State is not StorageState.Failed)
            {
                MakeNext();
                MeasureSpace();
                GiveBack();
                log.Compacting.Set();
                log.Housekeeping.Wait();
            }
        }
        catch (Exception failure)
        {
            log.Health.Fail(failure);
        }

        _ended.SetResult();
    }

    private void MakeNext()
    {
        (uint number, ulong nextId) = shelf.NextSegment();
        if (number == 0)
            return;
        try
        {
            shelf.Offer(Segment.Create(disk, new SegmentName(SegmentName.Messages, number), log.Options.SegmentBytes, nextId));
            log.Health.Report(SpaceProblem.NoSegment, null);
        }
        catch (IOException failure)
        {
            // Nothing was promised about this file, so it is simply tried again later, whatever the reason.
            log.Health.Report(SpaceProblem.NoSegment, $"no further segment in {disk.Folder}: {failure.Message}");
        }
    }

    private void MeasureSpace()
    {
        long free;
        try
        {
            free = disk.FreeBytes;
        }
        catch (IOException failure)
        {
            log.Health.Report(SpaceProblem.UnderLimit, $"the free space of {disk.Folder} is unknown: {failure.Message}");
            return;
        }

        log.Health.Report(SpaceProblem.UnderLimit, free < log.Options.FreeBytesMin
            ? $"{disk.Folder} has {free} bytes free, less than the limit of {log.Options.FreeBytesMin}"
            : null);
    }

    private void GiveBack()
    {
        try
        {
            // One deletion may make the notes in the next segment superfluous.
            while (DeleteDead())
                continue;
            log.Health.Report(SpaceProblem.NotGivenBack, null);
        }
        catch (IOException failure)
        {
            log.Health.Report(SpaceProblem.NotGivenBack, $"space cannot be given back in {disk.Folder}: {failure.Message}");
        }
    }

    private bool DeleteDead()
    {
        List<Segment> dead = shelf.Look((live, tail, durableBatch) => live.Segments
            .Where(segment => segment is { IsSealed: true, LiveCopies: 0 } && segment.DeadSinceBatch <= durableBatch)
            // One with a mark must remain: it knows which ids were used.
            .Where(segment => segment.Number < tail.Active.Number && tail.Active.WrittenTo > Segment.HeaderBytes)
            .Where(segment => !live.AreNotesNeeded(segment))
            .ToList());
        if (dead.Count == 0)
            return false;
        foreach (Segment segment in dead)
            disk.Delete(segment.Name);
        // Only a deletion that is durable makes the notes about these messages superfluous: they may be in the next segment to go.
        disk.SyncFolder();
        foreach (Segment segment in dead)
            shelf.Forget(segment);
        return true;
    }
}
