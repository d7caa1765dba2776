namespace Quintet.Broker.Queues;

/// <summary>Wakes a queue at the next moment something in it runs out. Guarded by the queue's gate.</summary>
internal sealed class QueueTimer(TimeProvider time, Action wake) : IDisposable
{
    // Timers take at most this; what is due later is set again when it fires.
    private const long LongestMs = 24L * 60 * 60 * 1000;

    private ITimer? _timer;
    private long _due = long.MaxValue;
    private bool _isDisposed;

    /// <summary>Fires once at <paramref name="dueMs"/> (milliseconds since 1970), <see cref="long.MaxValue"/> for never.</summary>
    public void Set(long dueMs)
    {
        if (_isDisposed || dueMs == _due) return;
        _due = dueMs;
        if (dueMs == long.MaxValue)
        {
            _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        long wait = Math.Clamp(dueMs - time.GetUtcNow().ToUnixTimeMilliseconds(), 1, LongestMs);
        _timer ??= time.CreateTimer(_ => wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        _isDisposed = true;
        _timer?.Dispose();
    }

    /// <summary>It has fired: whatever is found due or not, the queue sets the next.</summary>
    public void Fired() => _due = long.MaxValue;
}
