using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Streams;

namespace Quintet.Broker.Streams;

/// <summary>
/// A stream as a queue: exchanges route to it as to any other, consumers read it as often as they like from where they like. What they settle is
/// credit for more and nothing else. The messages are with <see cref="StreamLog"/>.
/// </summary>
internal sealed class StreamQueue : Queue
{
    private readonly Lock _gate = new();
    private readonly StreamLog _log;
    // Guarded by _gate, as are the statistics. Replaced as a whole, so that waking all costs no copy.
    private StreamCursor[] _cursors = [];
    private bool _isDeleted;

    public StreamQueue(QueueSettings settings, QueueServices services)
        : base(settings, services)
    {
        _log = services.Streams.Open(settings.Id!.Value, RetentionOf(settings));
        _log.Committed = WakeAll;
    }

    public override QueueCounts Counts
    {
        get
        {
            (long first, _, long bytes) = _log.Extent;
            // What is out to consumers is no less ready for others: as in RabbitMQ nothing counts as unacknowledged.
            return new QueueCounts((int)Math.Min(_log.NextToCome - first, int.MaxValue), 0, Volatile.Read(ref _cursors).Length, bytes);
        }
    }

    public override IReadOnlyList<Consumer> Consumers
    {
        get
        {
            lock (_gate) return [.. _cursors.Select(cursor => cursor.Consumer)];
        }
    }

    public override bool IsDeleted
    {
        get
        {
            lock (_gate) return _isDeleted;
        }
    }

    public override void Restore(IReadOnlyList<RecoveredMessage> messages) => Services.Streams.Resume(_log, messages);

    public override void Apply(QueueSettings settings)
    {
        Settings = settings;
        _log.Retention = RetentionOf(settings);
    }

    public override void Enqueue(in QueueEntry entry, long nowMs)
    {
        lock (_gate) Stats.Count(Happening.Publish);
        if (!_log.TryArrive(new StreamArrival(entry.Ref, nowMs))) Forget(entry); // deleted between routing and here
    }

    public override void Pump(Consumer consumer) => CursorOf(consumer)?.Wake();

    public override void Add(Consumer consumer)
    {
        StreamStart start = StreamStart.Of(consumer.Arguments, (_log.Extent.First, _log.NextToCome), Services.NowMs, Settings.Described);
        EntryReader reader = new(_log, Services.Streams.ReadAheadBytes) { NextOffset = start.Offset, NotBefore = start.NotBefore };
        StreamCursor cursor = new(this, consumer, reader, StreamFilter.Of(consumer.Arguments));
        lock (_gate)
        {
            if (_isDeleted) throw new AmqpException(ReplyCode.NotFound, $"no {Settings.Described}");
            _cursors = [.. _cursors, cursor];
        }
    }

    public override bool Remove(Consumer consumer)
    {
        StreamCursor? cursor;
        lock (_gate)
        {
            cursor = CursorOf(consumer);
            _cursors = [.. _cursors.Where(other => other.Consumer != consumer)];
        }

        cursor?.End();
        return false;
    }

    public override bool TryTake(bool noAck, out QueueEntry entry, out int messagesLeft) =>
        throw new AmqpException(ReplyCode.NotImplemented, $"basic.get not supported by stream queues {Settings.Described}");

    public override void Settle(ReadOnlySpan<UnackedMessage> messages)
    {
        lock (_gate) Stats.Count(Happening.Ack, messages.Length);
        Credit(messages);
    }

    public override void Requeue(ReadOnlySpan<UnackedMessage> messages) => Credit(messages);

    public override void Reject(ReadOnlySpan<UnackedMessage> messages) => Credit(messages);

    public override int Purge() =>
        throw new AmqpException(ReplyCode.NotImplemented, $"queue.purge not supported by stream queues {Settings.Described}");

    /// <summary>As in RabbitMQ, what a stream held does not count as dropped.</summary>
    public override QueueEnd? TryDelete(Func<QueueCounts, bool> condition)
    {
        StreamCursor[] cursors;
        QueueCounts counts = Counts;
        lock (_gate)
        {
            if (_isDeleted || !condition(counts)) return null;
            _isDeleted = true;
            (cursors, _cursors) = (_cursors, []);
        }

        foreach (StreamCursor cursor in cursors) cursor.End();
        _log.Delete();
        return new QueueEnd(0, [.. cursors.Select(cursor => cursor.Consumer)]);
    }

    /// <summary>Called by a cursor: a whole run of deliveries counts at once.</summary>
    public void CountDelivered(int messages)
    {
        if (messages == 0) return;
        lock (_gate) Stats.Count(Happening.Deliver, messages);
    }

    /// <summary>The stream cannot be read for a consumer any more.</summary>
    public void Abandon(StreamCursor cursor)
    {
        Remove(cursor.Consumer);
        cursor.Consumer.EndedByServer();
    }

    public override ValueTask DisposeAsync()
    {
        foreach (StreamCursor cursor in Volatile.Read(ref _cursors)) cursor.End();
        return ValueTask.CompletedTask;
    }

    private StreamRetention RetentionOf(QueueSettings settings) => new(
        settings.MessageAgeMax,
        settings.LengthBytesMax,
        StreamRetention.FileBytesOf(settings.StreamFileBytes, Services.Streams.UsualFileBytes, settings.LengthBytesMax));

    private void WakeAll()
    {
        foreach (StreamCursor cursor in Volatile.Read(ref _cursors)) cursor.Wake();
    }

    private void Credit(ReadOnlySpan<UnackedMessage> messages)
    {
        for (int start = 0; start < messages.Length;)
        {
            Consumer? consumer = messages[start].Consumer;
            int end = start + 1;
            while (end < messages.Length && messages[end].Consumer == consumer) end++;
            if (consumer is not null) CursorOf(consumer)?.Credit(end - start);
            start = end;
        }
    }

    private StreamCursor? CursorOf(Consumer consumer)
    {
        foreach (StreamCursor cursor in Volatile.Read(ref _cursors))
            if (cursor.Consumer == consumer) return cursor;
        return null;
    }
}
