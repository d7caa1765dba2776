using Quintet.Broker.Amqp;
using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Queues;

/// <summary>
/// A classic or a quorum queue. All state is guarded by one gate; consumers are called under it (they only copy into their connection's buffer),
/// the store's append never is. A queue pushes whenever a message or room for one appears; nothing polls.
/// </summary>
internal sealed class WorkQueue : Queue
{
    private readonly Lock _gate = new();
    private readonly QueueContents _contents;
    private readonly ConsumerRing _consumers;
    private readonly MessagePump _pump;
    private readonly QueueExpiry _expiry;

    public WorkQueue(QueueSettings settings, QueueServices services)
        : base(settings, services)
    {
        _contents = new QueueContents(this, services);
        _consumers = new ConsumerRing(settings.IsSingleActive);
        _pump = new MessagePump(this, _gate, _contents, _consumers);
        _expiry = new QueueExpiry(this, _gate, _contents, _consumers);
        lock (_gate) _expiry.Schedule();
    }

    public override QueueCounts Counts
    {
        get
        {
            lock (_gate) return CountsLocked();
        }
    }

    public override IReadOnlyList<Consumer> Consumers
    {
        get
        {
            lock (_gate) return [.. _consumers.All];
        }
    }

    public override Consumer? Active
    {
        get
        {
            lock (_gate) return _consumers.Active;
        }
    }

    public override int Dying => _contents.Dying;

    public override bool IsDeleted
    {
        get
        {
            lock (_gate) return _contents.IsDeleted;
        }
    }

    public override void Restore(IReadOnlyList<RecoveredMessage> messages)
    {
        lock (_gate)
        {
            foreach (RecoveredMessage message in messages) _contents.Restore(message);
            _contents.Expire(Services.NowMs);
            _expiry.Schedule();
        }
    }

    /// <summary>Lengths count at once, a TTL for messages from now on, and an unused queue expires anew from now.</summary>
    public override void Apply(QueueSettings settings)
    {
        lock (_gate)
        {
            if (_contents.IsDeleted) return;
            Settings = settings;
            _contents.SettingsChanged();
            _contents.DropOverflow();
            _expiry.Touch();
            _expiry.Schedule();
        }
    }

    public override bool TryReserve(int bodyBytes)
    {
        if (!_contents.HasLimit) return true;
        lock (_gate) return _contents.TryReserve(bodyBytes);
    }

    public override void CancelReservation(int bodyBytes)
    {
        if (!_contents.HasLimit) return;
        lock (_gate) _contents.Release(bodyBytes);
    }

    public override void BuryRefused(MemoryMessage message)
    {
        lock (_gate) _contents.Bury(new QueueEntry { Memory = message, BodyBytes = message.Body.Length }, DeathReason.MaxLength);
    }

    public override void Enqueue(in QueueEntry entry, long nowMs)
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

    public override void Pump(Consumer consumer)
    {
        lock (_gate) _pump.Run(0);
    }

    public override void Add(Consumer consumer)
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

    public override bool Remove(Consumer consumer)
    {
        lock (_gate)
        {
            if (!_consumers.Remove(consumer)) return false;
            _expiry.Touch();
            _pump.Run(0); // another may be the active one now
            return Settings.IsAutoDelete && _consumers.Count == 0 && !_contents.IsDeleted;
        }
    }

    public override bool TryPeek(out QueueEntry entry)
    {
        lock (_gate)
        {
            entry = _contents.Count > 0 ? _contents.Peek() : default;
            return _contents.Count > 0;
        }
    }

    public override bool TryTake(bool noAck, out QueueEntry entry, out int messagesLeft)
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

    public override void Settle(ReadOnlySpan<UnackedMessage> messages)
    {
        lock (_gate)
        {
            ReleaseLocked(messages);
            Stats.Count(Happening.Ack, messages.Length);
            _pump.Run(0);
        }

        Settlement.Settle(Services.Store, messages);
    }

    public override void Requeue(ReadOnlySpan<UnackedMessage> messages)
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

    public override void Reject(ReadOnlySpan<UnackedMessage> messages)
    {
        lock (_gate)
        {
            ReleaseLocked(messages);
            foreach (ref readonly UnackedMessage message in messages) _contents.Reject(message.Entry);
            _pump.Run(0);
        }
    }

    public override int Purge()
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

    public override void Touch()
    {
        lock (_gate) _expiry.Touch();
    }

    public override QueueEnd? TryDelete(Func<QueueCounts, bool> condition)
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

    public override async ValueTask DisposeAsync()
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
