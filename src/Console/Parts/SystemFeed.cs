using System.Collections.Immutable;
using Quintet.Client.Broker;

namespace Quintet.Console.Parts;

/// <summary>The latest picture of the system, and a short past of it, for everybody who looks.</summary>
internal sealed class SystemFeed
{
    /// <summary>At two seconds each, ten minutes.</summary>
    private const int PastMax = 300;

    /// <summary>More than a plot can mark.</summary>
    private const int VersionsMax = 100;

    private readonly Lock _gate = new();
    private ImmutableQueue<Moment> _past = [];
    private ImmutableList<SeenVersion> _versions = [];
    private int _pastCount;
    private int _watchers;
    private TaskCompletionSource _wanted = NewSignal();

    /// <summary>Told of each new picture, on the thread that made it.</summary>
    public event Action? Changed;

    public SystemPicture Current { get; private set; } = SystemPicture.Unknown;

    public IReadOnlyList<Moment> Past
    {
        get { lock (_gate) return [.. _past]; }
    }

    /// <summary>How the version of the configuration changed since the console was started, the oldest first.</summary>
    public IReadOnlyList<SeenVersion> Versions => _versions;

    public bool IsWatched => Volatile.Read(ref _watchers) > 0;

    /// <summary>Completes when somebody wants a picture now.</summary>
    public Task Wanted
    {
        get { lock (_gate) return _wanted.Task; }
    }

    /// <summary>The share of one processor that an instance keeps busy; null while it is not known.</summary>
    public double? BusyOf(string instance) =>
        Past is [.., { } before, { } last]
            && last.Processor.TryGetValue(instance, out double used) && before.Processor.TryGetValue(instance, out double earlier)
            ? Math.Max(0, used - earlier) / (last.At - before.At).TotalSeconds
            : null;

    /// <summary>Has the parts asked more often until it is disposed.</summary>
    public IDisposable Watch(Action changed)
    {
        Changed += changed;
        if (Interlocked.Increment(ref _watchers) == 1) AskNow();
        return new Watcher(this, changed);
    }

    /// <summary>After something was changed: the next picture is taken at once.</summary>
    public void AskNow()
    {
        lock (_gate) _wanted.TrySetResult();
    }

    /// <summary>The next picture, which is taken at once.</summary>
    public async Task<SystemPicture> NextAsync(CancellationToken cancellation)
    {
        TaskCompletionSource<SystemPicture> next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        void Take() => next.TrySetResult(Current);
        Changed += Take;
        try
        {
            AskNow();
            return await next.Task.WaitAsync(cancellation);
        }
        finally
        {
            Changed -= Take;
        }
    }

    public void Publish(SystemPicture picture)
    {
        lock (_gate)
        {
            if (Current.Configuration.Value is { Length: > 0 } before && picture.Configuration.Value is { Length: > 0 } now && now != before)
                _versions = [.. _versions.TakeLast(VersionsMax - 1), new SeenVersion(picture.Configuration.At, now)];
            Current = picture;
            _past = _past.Enqueue(Moment.Of(picture));
            if (++_pastCount > PastMax)
            {
                _past = _past.Dequeue();
                _pastCount--;
            }

            if (_wanted.Task.IsCompleted) _wanted = NewSignal();
        }

        Changed?.Invoke();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Watcher(SystemFeed feed, Action changed) : IDisposable
    {
        private int _isDisposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
            feed.Changed -= changed;
            Interlocked.Decrement(ref feed._watchers);
        }
    }
}

/// <summary>What the curves show of one picture. What was not known then is null, and a gap.</summary>
internal sealed record Moment(DateTimeOffset At, double? MemoryMb, double? QueueDepth)
{
    /// <summary>Resident memory of each instance.</summary>
    public IReadOnlyDictionary<string, double> Memory { get; init; } = new Dictionary<string, double>();

    /// <summary>Seconds of processor time that each instance had used.</summary>
    public IReadOnlyDictionary<string, double> Processor { get; init; } = new Dictionary<string, double>();

    /// <summary>The queues by name; null while they are not known.</summary>
    public IReadOnlyDictionary<string, QueueMoment>? Queues { get; init; }

    public static Moment Of(SystemPicture picture)
    {
        bool hasSystem = picture.System is { Value: not null, Fault: null };
        QueuePicture? queues = picture.Queues.Fault is null ? picture.Queues.Value : null;
        return new Moment(picture.At, hasSystem ? picture.Processes.Sum(p => p.MemoryMb) : null, queues?.Depth)
        {
            Memory = hasSystem ? picture.Processes.ToDictionary(p => p.Instance, p => p.MemoryMb) : [],
            Queues = queues?.Queues.GroupBy(q => q.Name).ToDictionary(q => q.Key, q => QueueMoment.Of(q.First())),
            Processor = hasSystem ? picture.Processes.ToDictionary(p => p.Instance, p => p.CpuSeconds) : [],
        };
    }
}

/// <summary>What the curves show of one queue: messages, and messages a second.</summary>
internal readonly record struct QueueMoment(long Ready, long Unacknowledged, double In, double Out)
{
    public static QueueMoment Of(QueueInfo queue) =>
        new(queue.MessagesReady, queue.MessagesUnacknowledged, queue.Rate("publish") ?? 0, queue.Rate("deliver_get") ?? 0);
}
