namespace Quintet.Broker.Storage.Streams;

/// <summary>A message on its way from the message log into a stream.</summary>
internal readonly record struct StreamArrival(MessageRef Ref, long StoredAt);

/// <summary>
/// One stream: the files it consists of and the messages on their way into it. Messages arrive from publishers, the streams' writer moves them to
/// the files, consumers read them there. Thread-safe.
/// </summary>
internal sealed class StreamLog
{
    // So many go in one round: a stream that is far behind must not make the others wait, nor a file much longer than it should be.
    private const int ArrivalsAtOnce = 4096;

    private readonly Lock _gate = new();
    private readonly Action<StreamLog> _schedule;
    // Guarded by _gate.
    private readonly List<StreamFile> _files;
    private readonly Queue<StreamArrival> _arrivals = new();
    private long _nextToCome;
    private bool _isScheduled;
    private bool _isDeleted;
    private volatile StreamRetention _retention;

    public StreamLog(QueueId id, List<StreamFile> files, StreamRetention retention, Action<StreamLog> schedule)
    {
        (Id, _files, _retention, _schedule) = (id, files, retention, schedule);
        _nextToCome = files.Count == 0 ? 0 : files[^1].Extent.Next;
        Tail = new StreamTail(files.Count == 0 ? 1 : files[^1].Number + 1, files.Count == 0 ? default : files[^1].Extent);
    }

    public QueueId Id { get; }

    /// <summary>Called by the writer, holding nothing, when there is more to read.</summary>
    public Action Committed { get; set; } = static () => { };

    /// <summary>Where the writer is; touched by it alone.</summary>
    public StreamTail Tail { get; }

    public StreamRetention Retention
    {
        get => _retention;
        set
        {
            _retention = value;
            Schedule(); // a stricter one acts at once
        }
    }

    public bool IsDeleted
    {
        get
        {
            lock (_gate) return _isDeleted;
        }
    }

    /// <summary>The first offset that is there, the one behind the last, and the bytes of all files.</summary>
    public (long First, long Next, long Bytes) Extent
    {
        get
        {
            lock (_gate)
                return _files.Count == 0 ? (0, 0, 0) : (_files[0].Extent.First, _files[^1].Extent.Next, _files.Sum(file => file.Readable.Bytes));
        }
    }

    /// <summary>
    /// The offset behind all that has arrived: a message has its offset from then on, for it is moved in turn, and is counted, though it can be read
    /// a moment later only. So a client that was confirmed a message finds it.
    /// </summary>
    public long NextToCome
    {
        get
        {
            lock (_gate) return _nextToCome;
        }
    }

    /// <summary>A message is in the message log: it is moved on once it is durable there. False when the stream was deleted.</summary>
    public bool TryArrive(in StreamArrival arrival)
    {
        lock (_gate)
        {
            if (_isDeleted) return false;
            _arrivals.Enqueue(arrival);
            _nextToCome++;
        }

        Schedule();
        return true;
    }

    /// <summary>The messages to be moved now, and whether the stream has been deleted; there may be more.</summary>
    public bool Take(List<StreamArrival> arrivals)
    {
        arrivals.Clear();
        lock (_gate)
        {
            _isScheduled = false;
            while ((arrivals.Count < ArrivalsAtOnce || _isDeleted) && _arrivals.TryDequeue(out StreamArrival arrival)) arrivals.Add(arrival);
            return _isDeleted;
        }
    }

    /// <summary>Has the writer look at the stream again if something is left.</summary>
    public void ScheduleRest()
    {
        bool isLeft;
        lock (_gate) isLeft = _arrivals.Count > 0;
        if (isLeft) Schedule();
    }

    public void Schedule()
    {
        lock (_gate)
        {
            if (_isScheduled) return;
            _isScheduled = true;
        }

        _schedule(this);
    }

    /// <summary>A message that arrived cannot be read, and gets no offset.</summary>
    public void Miss()
    {
        lock (_gate) _nextToCome--;
    }

    public void Add(StreamFile file)
    {
        lock (_gate) _files.Add(file);
    }

    /// <summary>Takes out what is not to be kept any longer, the oldest first; the caller deletes it.</summary>
    public List<StreamFile> TakeOutdated(long nowMs)
    {
        List<StreamFile> outdated = [];
        StreamRetention retention = _retention;
        lock (_gate)
        {
            long bytes = _files.Sum(file => file.Readable.Bytes);
            while (_files.Count > 1 && retention.IsOver(_files[0].Extent, bytes, nowMs))
            {
                bytes -= _files[0].Readable.Bytes;
                outdated.Add(_files[0]);
                _files.RemoveAt(0);
            }
        }

        return outdated;
    }

    /// <summary>From now on nothing arrives; the writer deletes the files.</summary>
    public void Delete()
    {
        lock (_gate) _isDeleted = true;
        Schedule();
    }

    public List<StreamFile> TakeAllFiles()
    {
        lock (_gate)
        {
            List<StreamFile> all = [.. _files];
            _files.Clear();
            return all;
        }
    }

    /// <summary>The file with the first message of that offset or later, and not before that time; null when it has not come yet.</summary>
    public StreamFile? FileOf(long offset, long storedAt)
    {
        lock (_gate)
        {
            int low = 0, high = _files.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                StreamExtent extent = _files[middle].Extent;
                if (extent.Next <= offset || extent.LastAt < storedAt) low = middle + 1;
                else high = middle;
            }

            return low < _files.Count ? _files[low] : null;
        }
    }

    public StreamFile? FileAfter(StreamFile file)
    {
        lock (_gate)
        {
            int index = _files.FindIndex(other => other.Number > file.Number);
            return index < 0 ? null : _files[index];
        }
    }

    /// <summary>Null while there is none.</summary>
    public StreamFile? LastFileWithMessages
    {
        get
        {
            lock (_gate) return _files.FindLast(file => file.Extent.Count > 0);
        }
    }
}
