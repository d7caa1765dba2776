using System.Buffers;
using Quintet.Broker.Queues;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Topology.Delays;

/// <summary>
/// The messages that wait in one exchange, by the time they are due: 24 octets each beside the store's index, the message itself on the disk.
/// Time is counted by the steady clock while the process runs and by the wall clock over a restart, never to more than the delay itself, so a
/// clock that is set makes nothing wait for ever. Guarded by one gate, under which nothing but the store is called.
/// </summary>
internal sealed class HeldMessages(Exchange exchange, QueueServices services) : IAsyncDisposable
{
    // Timers take at most this; what is due later is set again when it fires.
    private const long LongestMs = 24L * 60 * 60 * 1000;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly DueMessages _due = new(exchange, services);
    private readonly long _wallAtStart = services.NowMs;
    private readonly long _steadyAtStart = services.Time.GetTimestamp();
    private PriorityQueue<MemoryMessage?, DueAt> _held = new();
    private ITimer? _timer;
    private Task? _moving;
    private ulong _memoryCount;
    private int _underWay;
    private bool _isStarted;
    private bool _isDeleted;

    private QueueId? Id => exchange.Settings.Id;

    private long SteadyNow => _wallAtStart + (long)services.Time.GetElapsedTime(_steadyAtStart).TotalMilliseconds;

    /// <summary>How many wait.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _held.Count + _underWay;
        }
    }

    /// <summary>False when as many wait as may.</summary>
    public bool HasRoom => Count < services.Room.Limits.DelayedMessages;

    /// <summary>Whether the message will be on the disk: what is persistent, in an exchange that is durable.</summary>
    public bool Stores(in IncomingMessage message) => Id is not null && message.IsPersistent;

    /// <summary>Fills a new exchange with what the store found for it. The stamp's expiry is the time due.</summary>
    public void Restore(IReadOnlyList<RecoveredMessage> messages)
    {
        long now = SteadyNow;
        lock (_gate)
            _held.EnqueueRange(messages.Select(message =>
            {
                long delay = Math.Max(0, message.Stamp.ExpiresAt - message.Stamp.EnqueuedAt);
                return ((MemoryMessage?)null, new DueAt(Math.Min(message.Stamp.ExpiresAt, now + delay), message.Ref.Id));
            }));
    }

    /// <summary>From here on messages go when they are due: exchanges and bindings are all there.</summary>
    public void Start()
    {
        lock (_gate)
        {
            _isStarted = true;
            MoveLocked();
        }
    }

    /// <summary>Holds a message; stored, it is settled together with <paramref name="source"/>'s copy or not at all.</summary>
    /// <exception cref="StorageException">It is not held.</exception>
    public void Add(in IncomingMessage message, long delayMs, Awaited awaited, MessageRef? source)
    {
        ReadOnlySpan<byte> envelope = message.Original.IsEmpty ? message.Envelope : message.Original;
        MemoryMessage? memory = null;
        ulong id;
        if (Stores(message))
        {
            NewMessage record = new()
            {
                Queues = [Id!.Value],
                Stamp = new MessageStamp(message.NowMs, message.NowMs + delayMs, message.Priority),
                Envelope = envelope,
                Body = new ReadOnlySequence<byte>(message.Body),
            };
            id = (source is { } dead
                ? services.Store.Transfer(dead, record, awaited.Waiter, awaited.Tag)
                : services.Store.Append(record, awaited.Waiter, awaited.Tag)).Id;
        }
        else
        {
            memory = new MemoryMessage(envelope.ToArray(), message.Body.ToArray());
            id = 0;
        }

        lock (_gate)
        {
            if (!_isDeleted)
            {
                _held.Enqueue(memory, new DueAt(SteadyNow + delayMs, memory is null ? id : _memoryCount++));
                MoveLocked();
                return;
            }
        }

        if (memory is null) services.Store.Settle(new MessageRef(id)); // deleted between routing and here
    }

    /// <summary>The exchange is gone, and what waited in it with it.</summary>
    public void Delete()
    {
        MessageRef[] dropped;
        lock (_gate)
        {
            _isDeleted = true;
            _timer?.Dispose();
            dropped = [.. _held.UnorderedItems.Where(item => item.Element is null).Select(item => new MessageRef(item.Priority.Id))];
            _held = new();
        }

        Array.Sort(dropped); // in order they are written down as ranges
        services.Store.Settle(dropped);
    }

    /// <summary>Moves nothing more; what waits is still stored.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task? moving;
        lock (_gate)
        {
            _isDeleted = true;
            _timer?.Dispose();
            moving = _moving;
        }

        if (moving is not null) await moving;
        _stop.Dispose();
    }

    // Wakes the mover for what is due, or the timer for what is not yet.
    private void MoveLocked()
    {
        if (!_isStarted || _isDeleted || _moving is not null || !_held.TryPeek(out _, out DueAt first)) return;
        long wait = first.AtMs - SteadyNow;
        if (wait <= 0)
        {
            _moving = Task.Run(MoveAsync);
            return;
        }

        _timer ??= services.Time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(TimeSpan.FromMilliseconds(Math.Min(wait, LongestMs)), Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        lock (_gate) MoveLocked();
    }

    private async Task MoveAsync()
    {
        try
        {
            while (TryTake(out MemoryMessage? memory, out DueAt due))
            {
                bool isDone = await _due.MoveAsync(memory, new MessageRef(due.Id), _stop.Token);
                lock (_gate)
                {
                    _underWay = 0;
                    // Nobody could take it: those behind it are not kept waiting.
                    if (!isDone && !_isDeleted) _held.Enqueue(memory, due with { AtMs = SteadyNow + (long)services.DeadLetterRetry.TotalMilliseconds });
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private bool TryTake(out MemoryMessage? memory, out DueAt due)
    {
        lock (_gate)
        {
            memory = null;
            if (!_isDeleted && _held.TryPeek(out memory, out due) && due.AtMs <= SteadyNow)
            {
                _held.Dequeue();
                _underWay = 1;
                return true;
            }

            due = default;
            if (_held.Count == 0) _held = new(); // gives the memory of many back
            _moving = null; // under the gate: whoever adds next starts a new one
            MoveLocked();
            return false;
        }
    }

    /// <summary>When, and which: copies of one moment go in the order they came. The id is that of the stored copy, or a number of its own.</summary>
    private readonly record struct DueAt(long AtMs, ulong Id) : IComparable<DueAt>
    {
        public int CompareTo(DueAt other) => AtMs != other.AtMs ? AtMs.CompareTo(other.AtMs) : Id.CompareTo(other.Id);
    }
}
