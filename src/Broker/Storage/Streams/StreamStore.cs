using System.Runtime.InteropServices;
using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Journal;

namespace Quintet.Broker.Storage.Streams;

/// <summary>
/// The streams of the node. A message comes into a stream as into any queue, by the one record of the message log that all its queues share, and is
/// confirmed with it. Behind that a thread moves it into a file of the stream, syncs, settles it in the message log, and only then is it read:
/// what a consumer has seen is never taken back, and one sync still serves all publishers. docs/design/storage-format.md has the whole picture.
/// </summary>
internal sealed class StreamStore : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly MessageStore _store;
    private readonly StorageOptions _options;
    private readonly TimeProvider _time;
    private readonly EntryWriter _writer;
    // Guarded by itself: what was found at start and belongs to no stream yet.
    private readonly Dictionary<QueueId, List<StreamFile>> _found;
    private readonly ITimer _timer;
    private readonly Signal _work = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Guarded by _gate.
    private readonly List<StreamLog> _logs = [];
    private List<StreamLog> _scheduled = [];
    private bool _isTimeToLook;
    private bool _isClosing;
    // Only the thread touches these.
    private readonly List<MessageRef> _moved = [];

    /// <param name="store">Open: the messages come from there.</param>
    /// <param name="disk">The same disk.</param>
    /// <param name="options">The same options.</param>
    /// <param name="time">For ages.</param>
    /// <param name="calls">Makes an entry of a message; is told what cannot be read from the message log.</param>
    /// <exception cref="StorageDamagedException">What had been synced cannot be read.</exception>
    public StreamStore(
        MessageStore store, Disk disk, StorageOptions options, TimeProvider time, (EncodeStreamEntry Encode, Action<Exception> Unreadable) calls)
    {
        (_store, _options, _time) = (store, options, time);
        _writer = new EntryWriter(store, disk, options, calls.Encode) { Unreadable = (_, failure) => calls.Unreadable(failure) };
        StreamRecovery recovery = new(disk, options);
        _found = StreamName.List(disk).ToDictionary(stream => stream.Key, stream => recovery.Run(stream.Value));
        TornBytes = recovery.TornBytes;
        _timer = time.CreateTimer(_ => Look(), null, options.SpaceCheckInterval, options.SpaceCheckInterval);
        new Thread(Run) { IsBackground = true, Name = "streams writer" }.Start();
    }

    public int ReadAheadBytes => _options.StreamReadAheadBytes;

    /// <summary>What was cut off at start because it was only half on disk; the messages were still in the message log.</summary>
    public long TornBytes { get; }

    /// <summary>Where nothing else was declared.</summary>
    public long UsualFileBytes => _options.StreamFileBytes;

    /// <summary>The stream of that id: the one that was found at start, or a new one without any file.</summary>
    public StreamLog Open(QueueId id, StreamRetention retention)
    {
        List<StreamFile> files;
        lock (_found) files = _found.Remove(id, out List<StreamFile>? found) ? found : [];
        StreamLog log = new(id, files, retention, Schedule);
        lock (_gate) _logs.Add(log);
        return log;
    }

    /// <summary>What the message log still had for the stream: moved again, but for what had been moved already.</summary>
    public void Resume(StreamLog log, IReadOnlyList<RecoveredMessage> messages)
    {
        HashSet<ulong> moved = messages.Count == 0 || log.LastFileWithMessages is not { } last
            ? []
            : StreamRecovery.FindMoved(last, [.. messages.Select(message => message.Ref.Id)]);
        foreach (RecoveredMessage message in messages)
        {
            if (moved.Contains(message.Ref.Id)) _store.Settle(message.Ref);
            else log.TryArrive(new StreamArrival(message.Ref, message.Stamp.EnqueuedAt));
        }
    }

    /// <summary>Removes the files of streams that are not there any more. After the start.</summary>
    public void DeleteLeftOver()
    {
        lock (_found)
        {
            foreach (StreamFile file in _found.Values.SelectMany(files => files)) file.Delete();
            _found.Clear();
        }
    }

    /// <summary>Moves what has arrived, ends the files and the thread. The message log is still open, and stays so.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        lock (_gate) _isClosing = true;
        _writer.GiveUp();
        _work.Set();
        await _ended.Task;
    }

    private void Schedule(StreamLog log)
    {
        lock (_gate) _scheduled.Add(log);
        _work.Set();
    }

    private void Look()
    {
        lock (_gate) _isTimeToLook = true;
        _writer.Retry();
        _work.Set();
    }

    private void Run()
    {
        List<StreamLog> logs = [];
        try
        {
            while (TryTake(ref logs, out bool isTimeToLook))
            {
                if (logs.Count > 0) MoveAll(logs);
                if (isTimeToLook) LookAtAges();
                logs.Clear();
            }

            foreach (StreamLog log in All()) _writer.End(log.Tail);
        }
        catch (OperationCanceledException)
        {
            // The disk is full and the broker stops: what is left is in the message log.
        }
        catch (StorageException failure) when (failure is StorageFailedException or StorageFullException)
        {
            // The message log has failed and said so, or ends.
        }
        catch (Exception failure)
        {
            // What the disk holds is unknown from here on, as after a failed sync of the message log.
            _store.Fail(failure);
        }

        _ended.SetResult();
    }

    private bool TryTake(ref List<StreamLog> logs, out bool isTimeToLook)
    {
        while (true)
        {
            lock (_gate)
            {
                isTimeToLook = _isTimeToLook;
                if (_scheduled.Count > 0 || isTimeToLook)
                {
                    _isTimeToLook = false;
                    (logs, _scheduled) = (_scheduled, logs);
                    return true;
                }

                if (_isClosing) return false;
            }

            _work.Wait();
        }
    }

    private void MoveAll(List<StreamLog> logs)
    {
        logs.RemoveAll(log => log.Take(log.Tail.Arrivals) && Remove(log));
        // What has arrived is on disk in the message log behind this, and what was settled in earlier rounds is, too: FindMoved relies on it
        // when it looks at the last file only.
        FlushStore();
        foreach (StreamLog log in logs)
        {
            if (log.Tail.Arrivals.Count > 0)
            {
                _moved.Clear();
                _writer.Append(log, _moved);
                SettleMoved();
                log.Committed();
            }

            _writer.Delete(log.TakeOutdated(NowMs));
            log.ScheduleRest();
        }
    }

    private void SettleMoved()
    {
        _moved.Sort(); // in order they are written down as ranges
        _store.Settle(CollectionsMarshal.AsSpan(_moved));
    }

    private bool Remove(StreamLog log)
    {
        _moved.Clear();
        foreach (StreamArrival arrival in log.Tail.Arrivals) _moved.Add(arrival.Ref);
        SettleMoved();
        if (log.Tail.File is not null) log.Tail.End();
        _writer.Delete(log.TakeAllFiles());
        lock (_gate) _logs.Remove(log);
        return true;
    }

    private void LookAtAges()
    {
        foreach (StreamLog log in All())
        {
            if (log.IsDeleted) continue;
            if (log.Retention.IsOld(log.Tail.Extent, NowMs))
            {
                FlushStore();
                if (log.Tail.File is not null) _writer.End(log.Tail);
                _writer.Begin(log);
            }

            _writer.Delete(log.TakeOutdated(NowMs));
        }
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private StreamLog[] All()
    {
        lock (_gate) return [.. _logs];
    }

    // This thread is there to wait for the disk, and nothing else waits for it.
    private void FlushStore() => _store.FlushedAsync().GetAwaiter().GetResult();
}
