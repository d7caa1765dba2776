namespace Quintet.Registry.Checks;

/// <summary>
/// Notices that this process did not run for a while: stopped, swapped out, its machine suspended. Heartbeats sent meanwhile wait in
/// sockets, so a TTL that ran out during the pause says nothing about its sender.
/// </summary>
internal sealed class PauseDetector : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _lastTick;
    private long _lastPauseEnd;
    private bool _hasPaused;

    public PauseDetector(TimeProvider time)
    {
        _time = time;
        _lastTick = time.GetTimestamp();
        _timer = time.CreateTimer(_ => Look(), null, Tick, Tick);
    }

    /// <summary>Whether the process stood still within the last <paramref name="window"/>.</summary>
    public bool PausedWithin(TimeSpan window)
    {
        Look();
        return Volatile.Read(ref _hasPaused) && _time.GetElapsedTime(Interlocked.Read(ref _lastPauseEnd)) < window;
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        long now = _time.GetTimestamp();
        long last = Interlocked.Exchange(ref _lastTick, now);
        if (_time.GetElapsedTime(last, now) < Tolerance) return;
        Interlocked.Exchange(ref _lastPauseEnd, now);
        Volatile.Write(ref _hasPaused, true);
    }
}
