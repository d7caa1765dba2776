using Quintet.Broker.Amqp;
using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Queues;

/// <summary>
/// A queue. All state is guarded by one gate; consumers are called under it (they only copy into their connection's buffer), the store's
/// append never is. A queue pushes whenever a message or room for one appears; nothing polls.
/// </summary>
internal sealed class Queue : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly QueueContents _contents;
    private readonly ConsumerRing _consumers;
    private readonly MessagePump _pump;
    private readonly QueueExpiry _expiry;
    private volatile QueueSettings _settings;

    public Queue(QueueSettings settings, QueueServices services)
    {
        _settings = settings;
        Services = services;
        _contents = new QueueContents(this, services);
        _consumers = new ConsumerRing(settings.IsSingleActive);
        _pump = new MessagePump(this, _gate, _contents, _consumers);
        _expiry = new QueueExpiry(this, _gate, _contents, _consumers);
        lock (_gate) _expiry.Schedule();
    }

    /// <summary>Replaced as a whole when a policy changes: who needs two things of it takes it once.</summary>
    public QueueSettings Settings => _settings;

    public QueueServices Services { get; }

    /// <summary>Counted under the gate.</summary>
    public MessageStats Stats { get; } = new();

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

    /// <summary>The consumer that gets everything, where only one may be active.</summary>
    public Consumer? Active
    {
        get
        {
            lock (_gate) return _consumers.Active;
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
            _contents.Expire(Services.NowMs);
            _expiry.Schedule();
        }
    }

    /// <summary>Other policies apply: lengths count at once, a TTL for messages from now on, and an unused queue expires anew from now.</summary>
    public void Apply(QueueSettings settings)
    {
        lock (_gate)
        {
            if (_contents.IsDeleted) return;
            _settings = settings;
            _contents.SettingsChanged();
            _contents.DropOverflow();
            _expiry.Touch();
            _expiry.Schedule();
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
                Stats.Count(Happening.Publish);
                bool canExpire = _contents.Add(entry, nowMs);
                _pump.Run(nowMs); // before expiry: a message with a ttl of 0 still goes to a consumer that waits for it
                _contents.DropOverflow();
                if (!canExpire) return;
                _contents.Expire(nowMs);
                _expiry.Schedule();
                return;
            }
        }

        Forget(entry); // deleted between routing and here
    }

    /// <summary>Hands out what can be handed out: called when a consumer has room again.</summary>
    public void Pump()
    {
        lock (_gate) _pump.Run(0);
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
            _expiry.Touch();
            _pump.Run(0); // another may be the active one now
            return Settings.IsAutoDelete && _consumers.Count == 0 && !_contents.IsDeleted;
        }
    }

    /// <summary>Takes the next message for basic.get; its content is then read with <see cref="ReadAsync"/>.</summary>
    public bool TryTake(bool noAck, out QueueEntry entry, out int messagesLeft)
    {
        lock (_gate)
        {
            _expiry.Touch();
            _contents.Expire(Services.NowMs);
            entry = default;
            messagesLeft = 0;
            if (_contents.Count == 0)
            {
                Stats.Count(Happening.GetEmpty);
                return false;
            }

            entry = _contents.Peek();
            _contents.RemoveNext();
            messagesLeft = _contents.Count;
            if (!noAck) _contents.Unacked++;
            Stats.Count(noAck ? Happening.GetNoAck : Happening.Get);
            if (entry.IsRedelivered) Stats.Count(Happening.Redeliver);
            _expiry.Schedule();
            return true;
        }
    }

    public ValueTask<StoredMessage> ReadAsync(MessageRef message, CancellationToken stop) =>
        Services.Store.TryRead(message, out StoredMessage stored) ? ValueTask.FromResult(stored) : Services.Store.ReadAsync(message, stop);

    /// <summary>The messages are acknowledged.</summary>
    public void Settle(ReadOnlySpan<UnackedMessage> messages)
    {
        lock (_gate)
        {
            ReleaseLocked(messages);
            Stats.Count(Happening.Ack, messages.Length);
            _pump.Run(0);
        }

        Settlement.Settle(Services.Store, messages);
    }

    /// <summary>Forgets a message that was handed out without acknowledgement.</summary>
    public void Forget(in QueueEntry entry)
    {
        if (entry.IsStored) Services.Store.Settle(entry.Ref);
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
                long now = Services.NowMs;
                _contents.Expire(now);
                _pump.Run(now);
                _expiry.Schedule();
                return;
            }
        }

        Settlement.Settle(Services.Store, messages);
    }

    /// <summary>The messages are refused for good.</summary>
    public void Reject(ReadOnlySpan<UnackedMessage> messages)
    {
        lock (_gate)
        {
            ReleaseLocked(messages);
            foreach (ref readonly UnackedMessage message in messages) _contents.Reject(message.Entry);
            _pump.Run(0);
        }
    }

    /// <summary>Drops what is ready, and says how many.</summary>
    public int Purge()
    {
        List<QueueEntry> purged;
        lock (_gate)
        {
            purged = _contents.Drain();
            _expiry.Schedule();
        }

        Settlement.Settle(Services.Store, purged);
        return purged.Count;
    }

    /// <summary>Somebody declared it again: it is in use.</summary>
    public void Touch()
    {
        lock (_gate) _expiry.Touch();
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
            _expiry.Dispose();
        }

        Settlement.Settle(Services.Store, dropped);
        return new QueueEnd(dropped.Count, consumers);
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate) _expiry.Dispose();
        await _pump.DisposeAsync();
        await _contents.DisposeAsync();
    }

    private QueueCounts CountsLocked() => new(_contents.Count, _contents.Unacked, _consumers.Count, _contents.Bytes);

    private void ReleaseLocked(ReadOnlySpan<UnackedMessage> messages)
    {
        _contents.Unacked -= messages.Length;
        foreach (ref readonly UnackedMessage message in messages)
            if (message.Consumer is { } consumer) consumer.Unacked--;
    }
}
