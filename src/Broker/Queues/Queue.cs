using Quintet.Broker.Storage;

namespace Quintet.Broker.Queues;

/// <summary>
/// A queue. All state is guarded by one gate; consumers are called under it (they only copy into their connection's buffer), the store's
/// append never is. A queue pushes whenever a message or room for one appears; nothing polls.
/// </summary>
internal sealed class Queue : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly QueueServices _services;
    private readonly ReadyMessages _ready;
    private readonly ConsumerRing _consumers;
    private readonly DyingMessages _dying;
    private readonly QueueTimer _timer;
    private readonly CancellationTokenSource _stop = new();
    private readonly LengthLimit? _limit;
    private ulong _nextPosition;
    private int _unacked;
    private bool _isDeleted;
    private Task? _coldRead;
    private (MessageRef Ref, StoredMessage Message)? _lent;

    public Queue(QueueSettings settings, QueueServices services)
    {
        Settings = settings;
        _services = services;
        _ready = new ReadyMessages(settings.IsQuorum ? 2 : settings.PriorityMax + 1, settings.IsQuorum);
        _consumers = new ConsumerRing(settings.IsSingleActive);
        _dying = new DyingMessages(this, services);
        _timer = new QueueTimer(services.Time, OnTimer);
        _limit = LengthLimit.Of(settings, _ready);
        LastUsedMs = services.NowMs;
        lock (_gate) ScheduleLocked();
    }

    public QueueSettings Settings { get; }

    public string Name => Settings.Name;

    /// <summary>The connection that alone may use the queue, when it is exclusive. Set before the queue is seen by anybody else.</summary>
    public object? Owner { get; init; }

    /// <summary>True once a consumer was there: only then does auto-delete apply.</summary>
    public bool HadConsumer { get; private set; }

    public long LastUsedMs { get; private set; }

    public QueueCounts Counts
    {
        get
        {
            lock (_gate) return new QueueCounts(_ready.Count, _unacked, _consumers.Count, _ready.Bytes);
        }
    }

    public IReadOnlyList<Consumer> Consumers
    {
        get
        {
            lock (_gate) return [.. _consumers.All];
        }
    }

    public bool IsDeleted
    {
        get
        {
            lock (_gate) return _isDeleted;
        }
    }

    /// <summary>Fills a new queue with what the store found for it.</summary>
    public void Restore(IReadOnlyList<RecoveredMessage> messages)
    {
        lock (_gate)
        {
            foreach (RecoveredMessage message in messages)
            {
                QueueEntry entry = QueueEntry.Of(message, _nextPosition++);
                entry.ExpiresAt = EarlierOf(entry.ExpiresAt, message.Stamp.EnqueuedAt);
                _ready.Add(entry);
            }

            ExpireLocked(_services.NowMs);
            ScheduleLocked();
        }
    }

    /// <summary>Asks for the place of one more message. False: the publisher gets a nack. True: <see cref="Enqueue"/> must follow.</summary>
    public bool TryReserve(int bodyBytes)
    {
        if (_limit is null) return true;
        lock (_gate) return _limit.TryReserve(bodyBytes);
    }

    /// <summary>Takes a message it had no room for straight to its dead-letter exchange (x-overflow: reject-publish-dlx).</summary>
    public void BuryRefused(MemoryMessage message)
    {
        lock (_gate) BuryLocked(new QueueEntry { Memory = message, BodyBytes = message.Body.Length }, DeathReason.MaxLength);
    }

    /// <summary>Gives a reserved place up, since the message could not be stored.</summary>
    public void CancelReservation(int bodyBytes)
    {
        if (_limit is null) return;
        lock (_gate) _limit.Release(bodyBytes);
    }

    public void Enqueue(QueueEntry entry, long nowMs)
    {
        lock (_gate)
        {
            _limit?.Release(entry.BodyBytes);
            if (!_isDeleted)
            {
                entry.Position = _nextPosition++;
                entry.ExpiresAt = EarlierOf(entry.ExpiresAt, nowMs);
                _ready.Add(entry);
                PumpLocked(nowMs); // before expiry: a message with a ttl of 0 still goes to a consumer that waits for it
                DropOverflowLocked();
                if (entry.ExpiresAt != 0)
                {
                    ExpireLocked(nowMs);
                    ScheduleLocked();
                }

                return;
            }
        }

        if (entry.IsStored) _services.Store.Settle(entry.Ref); // deleted between routing and here
    }

    /// <summary>Hands out what can be handed out: called when a consumer has room again.</summary>
    public void Pump()
    {
        lock (_gate) PumpLocked(0);
    }

    public void Add(Consumer consumer)
    {
        lock (_gate)
        {
            ThrowIfDeleted();
            bool isRefused = !Settings.IsQuorum && (_consumers.HasExclusive || (consumer.IsExclusive && _consumers.Count > 0));
            if (isRefused || (consumer.IsExclusive && Settings.IsSingleActive))
                throw new Amqp.AmqpException(Amqp.ReplyCode.AccessRefused, $"{Settings.Described} in exclusive use");
            _consumers.Add(consumer);
            HadConsumer = true;
        }
    }

    /// <summary>True when that was the last consumer of a queue that goes with it.</summary>
    public bool Remove(Consumer consumer)
    {
        lock (_gate)
        {
            if (!_consumers.Remove(consumer)) return false;
            TouchLocked();
            PumpLocked(0); // another may be the active one now
            return Settings.IsAutoDelete && _consumers.Count == 0 && !_isDeleted;
        }
    }

    /// <summary>Takes the next message for basic.get; its content is then read with <see cref="ReadAsync"/>.</summary>
    public bool TryTake(bool noAck, out QueueEntry entry, out int messagesLeft)
    {
        lock (_gate)
        {
            TouchLocked();
            long now = _services.NowMs;
            ExpireLocked(now);
            entry = default;
            messagesLeft = 0;
            if (_ready.Count == 0) return false;
            entry = _ready.Peek();
            _ready.RemoveNext();
            messagesLeft = _ready.Count;
            if (!noAck) _unacked++;
            ScheduleLocked();
            return true;
        }
    }

    public ValueTask<StoredMessage> ReadAsync(MessageRef message, CancellationToken stop) =>
        _services.Store.TryRead(message, out StoredMessage stored) ? ValueTask.FromResult(stored) : _services.Store.ReadAsync(message, stop);

    /// <summary>The messages are acknowledged.</summary>
    public void Settle(ReadOnlySpan<UnackedMessage> messages)
    {
        lock (_gate)
        {
            ReleaseLocked(messages);
            PumpLocked(0);
        }

        Settlement.Settle(_services.Store, messages);
    }

    /// <summary>Forgets a message that was handed out without acknowledgement.</summary>
    public void Forget(in QueueEntry entry)
    {
        if (entry.IsStored) _services.Store.Settle(entry.Ref);
    }

    /// <summary>The messages go back to where they were; in a quorum queue each return counts, and one too many kills.</summary>
    public void Requeue(ReadOnlySpan<UnackedMessage> messages)
    {
        lock (_gate)
        {
            ReleaseLocked(messages);
            if (!_isDeleted)
            {
                foreach (ref readonly UnackedMessage message in messages) PutBackLocked(message.Entry);
                DropOverflowLocked();
                long now = _services.NowMs;
                ExpireLocked(now);
                PumpLocked(now);
                ScheduleLocked();
                return;
            }
        }

        Settlement.Settle(_services.Store, messages);
    }

    /// <summary>The messages are refused for good.</summary>
    public void Reject(ReadOnlySpan<UnackedMessage> messages)
    {
        lock (_gate)
        {
            ReleaseLocked(messages);
            foreach (ref readonly UnackedMessage message in messages)
            {
                QueueEntry entry = message.Entry;
                if (Settings.IsQuorum) entry.DeliveryCount = (ushort)Math.Min(entry.DeliveryCount + 1, ushort.MaxValue);
                BuryLocked(entry, DeathReason.Rejected);
            }

            PumpLocked(0);
        }
    }

    /// <summary>Drops what is ready, and says how many.</summary>
    public int Purge()
    {
        List<QueueEntry> purged;
        lock (_gate)
        {
            purged = _ready.Drain();
            ScheduleLocked();
        }

        Settlement.Settle(_services.Store, purged);
        return purged.Count;
    }

    /// <summary>Somebody declared it again: it is in use.</summary>
    public void Touch()
    {
        lock (_gate) TouchLocked();
    }

    /// <summary>Ends the queue; null when a condition does not hold or it had ended before. What clients still hold is dropped as they settle it.</summary>
    public QueueEnd? TryDelete(Func<QueueCounts, bool> condition)
    {
        List<QueueEntry> dropped;
        Consumer[] consumers;
        lock (_gate)
        {
            if (_isDeleted || !condition(new QueueCounts(_ready.Count, _unacked, _consumers.Count, _ready.Bytes))) return null;
            _isDeleted = true;
            dropped = _ready.Drain();
            consumers = [.. _consumers.All];
            _consumers.Clear();
            _timer.Dispose();
        }

        Settlement.Settle(_services.Store, dropped);
        return new QueueEnd(dropped.Count, consumers);
    }

    public async ValueTask DisposeAsync()
    {
        Task? coldRead;
        lock (_gate)
        {
            _timer.Dispose();
            coldRead = _coldRead;
        }

        await _stop.CancelAsync();
        if (coldRead is not null) await coldRead;
        await _dying.DisposeAsync();
        _stop.Dispose();
    }

    private void PumpLocked(long nowMs)
    {
        while (_ready.Count > 0 && _coldRead is null)
        {
            QueueEntry entry = _ready.Peek();
            if (entry.ExpiresAt != 0)
            {
                if (nowMs == 0) nowMs = _services.NowMs;
                if (entry.ExpiresAt < nowMs)
                {
                    _ready.RemoveNext();
                    BuryLocked(entry, DeathReason.Expired);
                    continue;
                }
            }

            if (_consumers.Claim() is not { } consumer) return;
            StoredMessage stored = default;
            if (entry.IsStored && !TryLendLocked(entry.Ref, out stored))
            {
                consumer.GiveBackClaim();
                _coldRead = ReadThenPumpAsync(entry.Ref);
                return;
            }

            _ready.RemoveNext();
            DeliverLocked(consumer, entry, stored);
        }
    }

    private void DeliverLocked(Consumer consumer, in QueueEntry entry, StoredMessage stored)
    {
        if (!consumer.NoAck)
        {
            consumer.Unacked++;
            _unacked++;
        }

        if (entry.Memory is { } memory)
        {
            consumer.Deliver(entry, memory.Envelope, memory.Body);
            return;
        }

        consumer.Deliver(entry, stored.Envelope.Span, stored.Body.Span);
        stored.Dispose();
        if (consumer.NoAck) _services.Store.Settle(entry.Ref);
    }

    private bool TryLendLocked(MessageRef message, out StoredMessage stored)
    {
        if (_lent is not { } lent || lent.Ref != message) return _services.Store.TryRead(message, out stored);
        _lent = null;
        stored = lent.Message;
        return true;
    }

    // The message stays at the front meanwhile; only one read is under way, and the store reads ahead for those behind it.
    private async Task ReadThenPumpAsync(MessageRef message)
    {
        await Task.Yield(); // the caller holds the gate
        StoredMessage? read = null;
        Exception? failure = null;
        try
        {
            read = await _services.Store.ReadAsync(message, _stop.Token);
        }
        catch (Exception thrown)
        {
            failure = thrown;
        }

        lock (_gate)
        {
            _coldRead = null;
            if (failure is StorageDamagedException && _ready.Count > 0 && _ready.Peek().Ref == message) _ready.RemoveNext();
            _lent = read is { } lent ? (message, lent) : null;
            if (failure is null or StorageDamagedException) PumpLocked(0);
            _lent?.Message.Dispose();
            _lent = null;
        }

        if (failure is not null and not OperationCanceledException) _services.Failed(this, failure);
    }

    private void PutBackLocked(QueueEntry entry)
    {
        entry.IsRedelivered = true;
        if (Settings.IsQuorum)
        {
            entry.DeliveryCount = (ushort)Math.Min(entry.DeliveryCount + 1, ushort.MaxValue);
            if (Settings.DeliveryLimit is { } limit && entry.DeliveryCount > limit)
            {
                BuryLocked(entry, DeathReason.DeliveryLimit);
                return;
            }

            if (entry.IsStored) _services.Store.RecordDelivery(entry.Ref, entry.DeliveryCount);
        }

        _ready.PutBack(entry);
    }

    private void BuryLocked(in QueueEntry entry, DeathReason reason)
    {
        if (Settings.DeadLetter is not null && !_isDeleted) _dying.Add(entry, reason);
        else if (entry.IsStored) _services.Store.Settle(entry.Ref);
    }

    private void ReleaseLocked(ReadOnlySpan<UnackedMessage> messages)
    {
        _unacked -= messages.Length;
        foreach (ref readonly UnackedMessage message in messages)
            if (message.Consumer is { } consumer) consumer.Unacked--;
    }

    private void DropOverflowLocked()
    {
        while (_limit is { IsExceeded: true })
        {
            QueueEntry entry = _ready.PeekLeast();
            _ready.RemoveLeast();
            BuryLocked(entry, DeathReason.MaxLength);
        }
    }

    private void ExpireLocked(long nowMs)
    {
        for (int level = 0; level < _ready.Levels; level++)
            while (_ready.TryPeekLevel(level, out QueueEntry entry) && entry.ExpiresAt != 0 && entry.ExpiresAt <= nowMs)
            {
                _ready.RemoveFromLevel(level);
                BuryLocked(entry, DeathReason.Expired);
            }
    }

    private void ScheduleLocked()
    {
        long due = long.MaxValue;
        for (int level = 0; level < _ready.Levels; level++)
            if (_ready.TryPeekLevel(level, out QueueEntry entry) && entry.ExpiresAt != 0) due = Math.Min(due, entry.ExpiresAt);
        if (Settings.ExpiresMs is { } expires && _consumers.Count == 0) due = Math.Min(due, LastUsedMs + expires);
        if (!_isDeleted) _timer.Set(due);
    }

    private void OnTimer()
    {
        bool isUnused;
        lock (_gate)
        {
            if (_isDeleted) return;
            _timer.Fired();
            long now = _services.NowMs;
            ExpireLocked(now);
            isUnused = Settings.ExpiresMs is { } expires && _consumers.Count == 0 && LastUsedMs + expires <= now;
            if (!isUnused) ScheduleLocked();
        }

        if (isUnused) _services.Unused(this);
    }

    private void TouchLocked()
    {
        LastUsedMs = _services.NowMs;
        if (Settings.ExpiresMs is not null) ScheduleLocked();
    }

    private long EarlierOf(long expiresAt, long enqueuedAt)
    {
        if (Settings.MessageTtlMs is not { } ttl) return expiresAt;
        long byQueue = enqueuedAt + ttl;
        return expiresAt == 0 ? byQueue : Math.Min(expiresAt, byQueue);
    }

    private void ThrowIfDeleted()
    {
        if (_isDeleted) throw new Amqp.AmqpException(Amqp.ReplyCode.NotFound, $"no {Settings.Described}");
    }
}
