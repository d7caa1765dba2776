using Quintet.Broker.Amqp;
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
    private readonly QueueContents _contents;
    private readonly ConsumerRing _consumers;
    private readonly QueueTimer _timer;
    private readonly CancellationTokenSource _stop = new();
    private int _unacked;
    private long _lastUsedMs;
    private Task? _coldRead;
    private (MessageRef Ref, StoredMessage Message)? _lent;

    public Queue(QueueSettings settings, QueueServices services)
    {
        Settings = settings;
        _services = services;
        _contents = new QueueContents(this, services);
        _consumers = new ConsumerRing(settings.IsSingleActive);
        _timer = new QueueTimer(services.Time, OnTimer);
        _lastUsedMs = services.NowMs;
        lock (_gate) ScheduleLocked();
    }

    public QueueSettings Settings { get; }

    public string Name => Settings.Name;

    /// <summary>The connection that alone may use the queue, when it is exclusive. Set before the queue is seen by anybody else.</summary>
    public object? Owner { get; init; }

    public QueueCounts Counts
    {
        get
        {
            lock (_gate) return CountsLocked();
        }
    }

    public IReadOnlyList<Consumer> Consumers
    {
        get
        {
            lock (_gate) return [.. _consumers.All];
        }
    }

    /// <summary>Dead messages that nobody has taken yet.</summary>
    public int Dying => _contents.Dying;

    public bool IsDeleted
    {
        get
        {
            lock (_gate) return _contents.IsDeleted;
        }
    }

    /// <summary>Fills a new queue with what the store found for it.</summary>
    public void Restore(IReadOnlyList<RecoveredMessage> messages)
    {
        lock (_gate)
        {
            foreach (RecoveredMessage message in messages) _contents.Restore(message);
            _contents.Expire(_services.NowMs);
            ScheduleLocked();
        }
    }

    /// <summary>Asks for the place of one more message. False: the publisher gets a nack. True: <see cref="Enqueue"/> must follow.</summary>
    public bool TryReserve(int bodyBytes)
    {
        if (!_contents.HasLimit) return true;
        lock (_gate) return _contents.TryReserve(bodyBytes);
    }

    /// <summary>Gives a reserved place up, since the message could not be stored.</summary>
    public void CancelReservation(int bodyBytes)
    {
        if (!_contents.HasLimit) return;
        lock (_gate) _contents.Release(bodyBytes);
    }

    /// <summary>Takes a message it had no room for straight to its dead-letter exchange (x-overflow: reject-publish-dlx).</summary>
    public void BuryRefused(MemoryMessage message)
    {
        lock (_gate) _contents.Bury(new QueueEntry { Memory = message, BodyBytes = message.Body.Length }, DeathReason.MaxLength);
    }

    public void Enqueue(in QueueEntry entry, long nowMs)
    {
        lock (_gate)
        {
            _contents.Release(entry.BodyBytes);
            if (!_contents.IsDeleted)
            {
                bool canExpire = _contents.Add(entry, nowMs);
                PumpLocked(nowMs); // before expiry: a message with a ttl of 0 still goes to a consumer that waits for it
                _contents.DropOverflow();
                if (!canExpire) return;
                _contents.Expire(nowMs);
                ScheduleLocked();
                return;
            }
        }

        Forget(entry); // deleted between routing and here
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
            if (_contents.IsDeleted) throw new AmqpException(ReplyCode.NotFound, $"no {Settings.Described}");
            bool isRefused = !Settings.IsQuorum && (_consumers.HasExclusive || (consumer.IsExclusive && _consumers.Count > 0));
            if (isRefused || (consumer.IsExclusive && Settings.IsSingleActive))
                throw new AmqpException(ReplyCode.AccessRefused, $"{Settings.Described} in exclusive use");
            _consumers.Add(consumer);
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
            return Settings.IsAutoDelete && _consumers.Count == 0 && !_contents.IsDeleted;
        }
    }

    /// <summary>Takes the next message for basic.get; its content is then read with <see cref="ReadAsync"/>.</summary>
    public bool TryTake(bool noAck, out QueueEntry entry, out int messagesLeft)
    {
        lock (_gate)
        {
            TouchLocked();
            _contents.Expire(_services.NowMs);
            entry = default;
            messagesLeft = 0;
            if (_contents.Count == 0) return false;
            entry = _contents.Peek();
            _contents.RemoveNext();
            messagesLeft = _contents.Count;
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

    /// <summary>The messages go back to where they were.</summary>
    public void Requeue(ReadOnlySpan<UnackedMessage> messages)
    {
        lock (_gate)
        {
            ReleaseLocked(messages);
            if (!_contents.IsDeleted)
            {
                foreach (ref readonly UnackedMessage message in messages) _contents.PutBack(message.Entry);
                _contents.DropOverflow();
                long now = _services.NowMs;
                _contents.Expire(now);
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
            foreach (ref readonly UnackedMessage message in messages) _contents.Reject(message.Entry);
            PumpLocked(0);
        }
    }

    /// <summary>Drops what is ready, and says how many.</summary>
    public int Purge()
    {
        List<QueueEntry> purged;
        lock (_gate)
        {
            purged = _contents.Drain();
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
            if (_contents.IsDeleted || !condition(CountsLocked())) return null;
            _contents.IsDeleted = true;
            dropped = _contents.Drain();
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
        await _contents.DisposeAsync();
        _stop.Dispose();
    }

    private QueueCounts CountsLocked() => new(_contents.Count, _unacked, _consumers.Count, _contents.Bytes);

    // nowMs is 0 where nobody has looked at the clock yet; it is looked at only for a message that expires.
    private void PumpLocked(long nowMs)
    {
        while (_contents.Count > 0 && _coldRead is null)
        {
            QueueEntry entry = _contents.Peek();
            if (entry.ExpiresAt != 0)
            {
                if (nowMs == 0) nowMs = _services.NowMs;
                if (entry.ExpiresAt < nowMs)
                {
                    _contents.RemoveNext();
                    _contents.Bury(entry, DeathReason.Expired);
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

            _contents.RemoveNext();
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
            if (failure is StorageDamagedException && _contents.Count > 0 && _contents.Peek().Ref == message) _contents.RemoveNext();
            _lent = read is { } lent ? (message, lent) : null;
            if (failure is null or StorageDamagedException) PumpLocked(0);
            _lent?.Message.Dispose();
            _lent = null;
        }

        if (failure is not null and not OperationCanceledException) _services.Failed(this, failure);
    }

    private void ReleaseLocked(ReadOnlySpan<UnackedMessage> messages)
    {
        _unacked -= messages.Length;
        foreach (ref readonly UnackedMessage message in messages)
            if (message.Consumer is { } consumer) consumer.Unacked--;
    }

    private void ScheduleLocked()
    {
        if (_contents.IsDeleted) return;
        long due = _contents.NextExpiry();
        if (Settings.ExpiresMs is { } expires && _consumers.Count == 0) due = Math.Min(due, _lastUsedMs + expires);
        _timer.Set(due);
    }

    private void OnTimer()
    {
        bool isUnused;
        lock (_gate)
        {
            if (_contents.IsDeleted) return;
            _timer.Fired();
            long now = _services.NowMs;
            _contents.Expire(now);
            isUnused = Settings.ExpiresMs is { } expires && _consumers.Count == 0 && _lastUsedMs + expires <= now;
            if (!isUnused) ScheduleLocked();
        }

        if (isUnused) _services.Unused(this);
    }

    private void TouchLocked()
    {
        _lastUsedMs = _services.NowMs;
        if (Settings.ExpiresMs is not null) ScheduleLocked();
    }
}
