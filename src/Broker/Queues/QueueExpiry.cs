namespace Quintet.Broker.Queues;

/// <summary>
/// What runs out in a queue: its messages, and the queue itself when nobody uses it (x-expires). Guarded by the queue's gate, which it takes itself
/// only when its timer fires.
/// </summary>
internal sealed class QueueExpiry : IDisposable
{
    // Timers take at most this; what is due later is set again when it fires.
    private const long LongestMs = 24L * 60 * 60 * 1000;

    private readonly Queue _queue;
    private readonly Lock _gate;
    private readonly QueueContents _contents;
    private readonly ConsumerRing _consumers;
    private ITimer? _timer;
    private long _due = long.MaxValue;
    private long _lastUsedMs;
    private bool _isDisposed;

    public QueueExpiry(Queue queue, Lock gate, QueueContents contents, ConsumerRing consumers)
    {
        (_queue, _gate, _contents, _consumers) = (queue, gate, contents, consumers);
        _lastUsedMs = queue.Services.NowMs;
    }

    /// <summary>Sets the timer to whatever runs out next.</summary>
    public void Schedule()
    {
        if (_contents.IsDeleted) return;
        long due = _contents.NextExpiry();
        if (_queue.Settings.ExpiresMs is { } expires && _consumers.Count == 0) due = Math.Min(due, _lastUsedMs + expires);
        Set(due);
    }

    /// <summary>The queue is in use at this moment.</summary>
    public void Touch()
    {
        _lastUsedMs = _queue.Services.NowMs;
        if (_queue.Settings.ExpiresMs is not null) Schedule();
    }

    public void Dispose()
    {
        _isDisposed = true;
        _timer?.Dispose();
    }

    // Fires once at that time in milliseconds since 1970, long.MaxValue for never.
    private void Set(long dueMs)
    {
        if (_isDisposed || dueMs == _due) return;
        _due = dueMs;
        if (dueMs == long.MaxValue)
        {
            _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        long wait = Math.Clamp(dueMs - _queue.Services.NowMs, 1, LongestMs);
        _timer ??= _queue.Services.Time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        bool isUnused;
        lock (_gate)
        {
            if (_contents.IsDeleted) return;
            _due = long.MaxValue; // whatever is found due or not, the next is set
            long now = _queue.Services.NowMs;
            _contents.Expire(now);
            isUnused = _queue.Settings.ExpiresMs is { } expires && _consumers.Count == 0 && _lastUsedMs + expires <= now;
            if (!isUnused) Schedule();
        }

        if (isUnused) _queue.Services.Unused(_queue);
    }
}
