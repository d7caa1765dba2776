using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Queues;

/// <summary>
/// What is in a queue and what becomes of it: order, limits, expiry, return and death. Not thread-safe; guarded by its queue's gate.
/// </summary>
internal sealed class QueueContents : IAsyncDisposable
{
    private readonly Queue _queue;
    private readonly QueueServices _services;
    private readonly ReadyMessages _ready;
    private volatile LengthLimit? _limit;
    private readonly DyingMessages _dying;

    public QueueContents(Queue queue, QueueServices services)
    {
        _queue = queue;
        _services = services;
        _ready = new ReadyMessages(Settings.IsQuorum ? 2 : Settings.PriorityMax + 1, Settings.IsQuorum);
        _limit = LengthLimit.Of(Settings, _ready);
        _dying = new DyingMessages(queue, services);
    }

    public int Count => _ready.Count;

    public long Bytes => _ready.Bytes;

    public int Dying => _dying.Count;

    /// <summary>Handed out and not settled.</summary>
    public int Unacked { get; set; }

    public bool HasLimit => _limit is not null;

    /// <summary>From now on nothing dies any more, it is just gone.</summary>
    public bool IsDeleted { get; set; }

    private QueueSettings Settings => _queue.Settings;

    /// <summary>A limit came, went or changed. Messages on their way in are counted as before.</summary>
    public void SettingsChanged() => _limit = LengthLimit.Of(Settings, _ready, _limit);

    public bool TryReserve(int bodyBytes) => _limit is not { } limit || limit.TryReserve(bodyBytes);

    public void Release(int bodyBytes) => _limit?.Release(bodyBytes);

    public void Restore(RecoveredMessage message)
    {
        QueueEntry entry = QueueEntry.Of(message);
        entry.ExpiresAt = EarlierOf(entry.ExpiresAt, message.Stamp.EnqueuedAt, Settings.MessageTtlOf(message.Stamp.EnqueuedAt));
        _ready.Add(entry);
    }

    /// <summary>Puts a new message last; true when it can expire.</summary>
    public bool Add(QueueEntry entry, long nowMs)
    {
        entry.ExpiresAt = EarlierOf(entry.ExpiresAt, nowMs, Settings.MessageTtlMs);
        _ready.Add(entry);
        return entry.ExpiresAt != 0;
    }

    public QueueEntry Peek() => _ready.Peek();

    public void RemoveNext() => _ready.RemoveNext();

    /// <summary>Puts a message back to its place; in a quorum queue each return counts, and one too many kills.</summary>
    public void PutBack(QueueEntry entry)
    {
        entry.IsRedelivered = true;
        if (Settings.IsQuorum)
        {
            entry.DeliveryCount = OneMore(entry.DeliveryCount);
            if (Settings.DeliveryLimit is { } limit && entry.DeliveryCount > limit)
            {
                Bury(entry, DeathReason.DeliveryLimit);
                return;
            }

            if (entry.IsStored) _services.Store.RecordDelivery(entry.Ref, entry.DeliveryCount);
        }

        _ready.PutBack(entry);
    }

    public void Reject(QueueEntry entry)
    {
        if (Settings.IsQuorum) entry.DeliveryCount = OneMore(entry.DeliveryCount);
        Bury(entry, DeathReason.Rejected);
    }

    /// <summary>Sends a message to the dead-letter exchange, or forgets it where there is none.</summary>
    public void Bury(in QueueEntry entry, DeathReason reason)
    {
        _queue.Stats.Count(reason switch
        {
            DeathReason.Rejected => Happening.DiedRejected,
            DeathReason.Expired => Happening.DiedExpired,
            DeathReason.MaxLength => Happening.DiedMaxLength,
            _ => Happening.DiedDeliveryLimit,
        });
        if (Settings.DeadLetter is not null && !IsDeleted) _dying.Add(entry, reason);
        else if (entry.IsStored) _services.Store.Settle(entry.Ref);
    }

    public void DropOverflow()
    {
        while (_limit is { IsExceeded: true })
        {
            QueueEntry entry = _ready.PeekLeast();
            _ready.RemoveLeast();
            Bury(entry, DeathReason.MaxLength);
        }
    }

    /// <summary>Buries what has expired at the front, which is where RabbitMQ's queues look too.</summary>
    public void Expire(long nowMs)
    {
        for (int level = 0; level < _ready.Levels; level++)
            while (_ready.TryPeekLevel(level, out QueueEntry entry) && entry.ExpiresAt != 0 && entry.ExpiresAt <= nowMs)
            {
                _ready.RemoveFromLevel(level);
                Bury(entry, DeathReason.Expired);
            }
    }

    /// <summary>When the next message at the front expires, <see cref="long.MaxValue"/> for never.</summary>
    public long NextExpiry()
    {
        long due = long.MaxValue;
        for (int level = 0; level < _ready.Levels; level++)
            if (_ready.TryPeekLevel(level, out QueueEntry entry) && entry.ExpiresAt != 0) due = Math.Min(due, entry.ExpiresAt);
        return due;
    }

    public List<QueueEntry> Drain() => _ready.Drain();

    public ValueTask DisposeAsync() => _dying.DisposeAsync();

    private static ushort OneMore(ushort count) => (ushort)Math.Min(count + 1, ushort.MaxValue);

    private static long EarlierOf(long expiresAt, long enqueuedAt, long? ttlMs)
    {
        if (ttlMs is not { } ttl) return expiresAt;
        long byQueue = enqueuedAt + ttl;
        return expiresAt == 0 ? byQueue : Math.Min(expiresAt, byQueue);
    }
}
