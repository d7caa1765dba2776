using System.Buffers;
using System.Runtime.InteropServices;
using Quintet.Broker.Access;
using Quintet.Broker.Amqp;
using Quintet.Broker.Connections.Consumers;
using Quintet.Broker.Connections.Transactions;
using Quintet.Broker.Queues;
using Quintet.Broker.Sockets;
using Quintet.Broker.Statistics;
using Quintet.Broker.Telemetry;
using Quintet.Broker.Topology;
using Quintet.Hosting.Telemetry;

namespace Quintet.Broker.Connections;

/// <summary>
/// A channel. Methods come from its connection's read loop alone; deliveries come from queues, on any thread. Delivery tags and what is
/// outstanding are guarded by one gate, which queues take under their own: so nothing here calls a queue while holding it.
/// </summary>
internal sealed class Channel(Connection connection, ushort number)
{
    private readonly Lock _deliveryGate = new();
    private readonly UnackedMessages _unacked = new();
    private readonly ChannelConsumers _consumers = new(connection.Broker.Limits.ConsumersPerChannel);
    private readonly List<UnackedMessage> _taken = [];
    private DeliveryAges? _ages;
    private readonly ContentAssembly _content = new();
    private readonly Publishing _publishing = new(connection);
    private ReplyConsumer? _replies;
    private ulong _deliveryTag;
    private int _globalUnacked;
    private volatile bool _isReleased;

    public ushort Number => number;

    public Connection Connection => connection;

    public VirtualHost Vhost => connection.Vhost;

    public OutgoingFrames Outgoing => connection.Outgoing;

    public Permissions Permissions => connection.Permissions;

    /// <summary>channel.close was sent; everything but close-ok is passed over.</summary>
    public bool IsClosing { get; set; }

    /// <summary>The queue that an empty name means.</summary>
    public string LastQueue { get; set; } = "";

    /// <summary>basic.qos for consumers to come.</summary>
    public ushort Prefetch { get; set; }

    /// <summary>basic.qos for the whole channel, 0 for no limit.</summary>
    public ushort GlobalPrefetch { get; set; }

    public Confirms? Confirms { get; private set; }

    /// <summary>The consumer of direct replies, if there is one.</summary>
    public ReplyConsumer? Replies => _replies;

    /// <summary>Deliveries are counted under their gate, all else by the read loop; confirms by who sends them.</summary>
    public MessageStats Stats { get; } = new();

    /// <summary>Its consumers have ended and its counts are with those of the closed.</summary>
    public bool IsReleased => _isReleased;

    public bool IsConfirming => Confirms is not null;

    public int UnackedCount
    {
        get
        {
            lock (_deliveryGate) return _unacked.Count;
        }
    }

    /// <summary>How long deliveries are out.</summary>
    public DeliveryAges Ages
    {
        get
        {
            lock (_deliveryGate) return _ages ??= new DeliveryAges(_deliveryGate, _unacked);
        }
    }

    public IReadOnlyList<ChannelConsumer> Consumers => _consumers.All;

    public void Send(MethodFrame frame) => Outgoing.Send(frame.ToArray());

    /// <summary>Set once the channel is transactional.</summary>
    public Transaction? Transaction { get; private set; }

    public void StartConfirming()
    {
        if (Transaction is not null) throw new AmqpException(ReplyCode.PreconditionFailed, "cannot switch from tx to confirm mode");
        Confirms ??= new Confirms(this);
    }

    public void StartTransactions()
    {
        if (IsConfirming) throw new AmqpException(ReplyCode.PreconditionFailed, "cannot switch from confirm to tx mode");
        Transaction ??= new Transaction(connection.Broker.Limits.TransactionBytes);
    }

    /// <summary>Publishes what a transaction held; false when a queue refused it.</summary>
    public async ValueTask<bool> CommitAsync(PendingPublish publish)
    {
        ValueTask room = RoomAsync();
        if (!room.IsCompletedSuccessfully) await connection.HoldBackAsync(room);
        return _publishing.Commit(this, publish);
    }

    /// <summary>Settles what a transaction held.</summary>
    public void Commit(Resolution resolution, UnackedMessage[] messages)
    {
        _taken.Clear();
        _taken.AddRange(messages);
        ResolveTaken(resolution);
    }

    /// <summary>Forgets what a transaction published; what it settled is outstanding again.</summary>
    public void RollBack(Transaction transaction)
    {
        List<UnackedMessage> outstanding = transaction.SettledMessages();
        transaction.GiveUp();
        if (outstanding.Count == 0) return;
        lock (_deliveryGate)
        {
            _unacked.TryTake(0, multiple: true, outstanding);
            outstanding.Sort(static (left, right) => left.DeliveryTag.CompareTo(right.DeliveryTag));
            foreach (UnackedMessage message in outstanding) _unacked.Add(message);
        }
    }

    public void AnswerConfirms() => Confirms?.Answer();

    /// <summary>The method that an error in this frame is about.</summary>
    public uint MethodAtHand(FrameType type, uint method) => _content.MethodAtHand(type, method);

    /// <summary>A method in the middle of a message's frames is refused.</summary>
    public void RequireNoContent() => _content.RequireNone();

    public void BeginPublish(ReadOnlySpan<byte> exchange, ReadOnlySpan<byte> routingKey, bool isMandatory) =>
        _content.Begin(exchange, routingKey, isMandatory);

    public ValueTask HandleHeaderAsync(ReadOnlySpan<byte> payload) =>
        _content.TakeHeader(payload, connection.Broker.Limits.MessageBytes) ? PublishAsync() : ValueTask.CompletedTask;

    public ValueTask HandleBodyAsync(in ReadOnlySequence<byte> borrowedPart) =>
        _content.TakeBody(borrowedPart) ? PublishAsync() : ValueTask.CompletedTask;

    /// <exception cref="AmqpException">406: so much is out, deliveries or not, that no more may be asked for.</exception>
    public void RequireRoomForUnacked()
    {
        int most = connection.Broker.Limits.UnackedPerChannel, unacked;
        lock (_deliveryGate) unacked = _unacked.Count;
        if (unacked >= most)
            throw new AmqpException(ReplyCode.PreconditionFailed, $"{most} messages are not acknowledged, as many as the configured max of a channel");
    }

    /// <summary>A delivery without acknowledgement does not count towards basic.qos of the channel, but waits while that is used up.</summary>
    public bool HasGlobalRoom => GlobalPrefetch == 0 || Volatile.Read(ref _globalUnacked) < GlobalPrefetch;

    public bool TryClaim()
    {
        if (_isReleased) return false;
        int limit = GlobalPrefetch > 0 ? GlobalPrefetch : connection.Broker.Limits.UnackedPerChannel;
        if (Interlocked.Increment(ref _globalUnacked) <= limit) return true;
        Interlocked.Decrement(ref _globalUnacked);
        return false;
    }

    public void GiveBackClaim() => Interlocked.Decrement(ref _globalUnacked);

    /// <summary>Called by queues, under their gate.</summary>
    public void Deliver(ChannelConsumer consumer, in QueueEntry entry, ReadOnlySpan<byte> borrowedEnvelope, ReadOnlySpan<byte> borrowedBody)
    {
        Envelope envelope = new(borrowedEnvelope);
        Content content = new(envelope.Routing, envelope.PropertiesOfDelivery(entry.DeliveryCount), borrowedBody);
        Hop? noted = NoteDelivery(envelope, consumer.Queue, entry, consumer.NoAck);
        lock (_deliveryGate)
        {
            ulong tag = ++_deliveryTag;
            Stats.CountDelivery(consumer.NoAck ? Happening.DeliverNoAck : Happening.Deliver, entry.IsRedelivered);
            if (!consumer.NoAck) _unacked.Add(new UnackedMessage(tag, consumer.Queue, consumer, entry) { Noted = noted });
            FrameBuffer output = Outgoing.Lock();
            try
            {
                ContentFrames.Deliver(output, (number, connection.Facts.FrameBytesMax), consumer.TagOctets, (tag, entry.IsRedelivered), content);
            }
            finally
            {
                Outgoing.Unlock();
            }
        }
    }

    /// <summary>Called by whoever answers, on any thread.</summary>
    public bool TryDeliverReply(ReplyConsumer consumer, in Envelope envelope, ReadOnlySpan<byte> borrowedBody)
    {
        lock (_deliveryGate)
        {
            // Nobody can be made to wait here, so what a client does not read is bounded by leaving it out, as promised: at most once.
            if (_replies != consumer || !Outgoing.HasRoomForAnswers) return false;
            Content content = new(envelope.Routing, envelope.Properties, borrowedBody);
            FrameBuffer output = Outgoing.Lock();
            try
            {
                ContentFrames.Deliver(
                    output, (number, connection.Facts.FrameBytesMax), consumer.TagOctets, (++_deliveryTag, Redelivered: false), content);
            }
            finally
            {
                Outgoing.Unlock();
            }
        }

        connection.Broker.Metrics.Delivered();
        return true;
    }

    /// <summary>Sets the consumer of direct replies, or ends it with null. After that nothing more is delivered to the old one.</summary>
    public void SetReplies(ReplyConsumer? consumer)
    {
        ReplyConsumer? ended;
        lock (_deliveryGate) (ended, _replies) = (_replies, consumer);
        if (ended is not null) connection.Broker.Replies.Close(ended);
    }

    /// <summary>Answers basic.get.</summary>
    public void SendGetOk(Queue queue, in QueueEntry entry, (bool NoAck, int MessagesLeft) get, (ReadOnlyMemory<byte> Envelope,
        ReadOnlyMemory<byte> Body) message)
    {
        Envelope envelope = new(message.Envelope.Span);
        Content content = new(envelope.Routing, envelope.PropertiesOfDelivery(entry.DeliveryCount), message.Body.Span);
        Hop? noted = NoteDelivery(envelope, queue, entry, get.NoAck);
        lock (_deliveryGate)
        {
            ulong tag = ++_deliveryTag;
            Stats.CountDelivery(get.NoAck ? Happening.GetNoAck : Happening.Get, entry.IsRedelivered);
            if (!get.NoAck) _unacked.Add(new UnackedMessage(tag, queue, null, entry) { Noted = noted }); // no prefetch counts it
            FrameBuffer output = Outgoing.Lock();
            try
            {
                ContentFrames.GetOk(output, (number, connection.Facts.FrameBytesMax), (tag, entry.IsRedelivered), (uint)get.MessagesLeft, content);
            }
            finally
            {
                Outgoing.Unlock();
            }
        }
    }

    /// <summary>Settles, requeues or rejects what a tag means.</summary>
    public void Resolve(ulong tag, bool multiple, Resolution resolution)
    {
        _taken.Clear();
        lock (_deliveryGate)
        {
            if (!_unacked.TryTake(tag, multiple, _taken)) throw new AmqpException(ReplyCode.PreconditionFailed, $"unknown delivery tag {tag}");
        }

        if (Transaction is { } transaction) transaction.Add(resolution, _taken);
        else ResolveTaken(resolution);
    }

    /// <summary>Gives everything outstanding back to its queues (basic.recover, and the end of the channel).</summary>
    public void RequeueAll()
    {
        _taken.Clear();
        lock (_deliveryGate) _unacked.TryTake(0, multiple: true, _taken);
        ResolveTaken(Resolution.Requeue);
    }

    public bool HasConsumer(string tag) => _replies?.Tag == tag || _consumers.Has(tag);

    /// <exception cref="AmqpException">530: there are as many as there may be.</exception>
    public void RequireRoomForConsumer() => _consumers.RequireRoom();

    public void Add(ChannelConsumer consumer) => _consumers.Add(consumer);

    public ChannelConsumer? TakeConsumer(string tag) => _consumers.Take(tag);

    /// <summary>The consumer's queue is gone.</summary>
    public void ConsumerEnded(ChannelConsumer consumer)
    {
        consumer.Stop();
        if (TakeConsumer(consumer.Tag) is null || !connection.Facts.WantsCancelNotice || IsClosing) return;
        Send(new MethodFrame(number, MethodId.BasicCancel).ShortString(consumer.Tag).Bit(true));
    }

    public void PumpQueues() => _consumers.PumpQueues();

    /// <summary>Takes a consumer off its queue; an auto-delete queue left alone goes with it.</summary>
    public async ValueTask EndAsync(ChannelConsumer consumer)
    {
        consumer.Stop();
        if (consumer.Queue.Remove(consumer)) await Vhost.DeleteQueue(consumer.Queue, static counts => counts.Consumers == 0);
    }

    /// <summary>Ends consumers, then gives back what they had. Safe to call twice.</summary>
    public async ValueTask ReleaseAsync()
    {
        if (_isReleased) return;
        _isReleased = true;
        Confirms?.End();
        connection.Broker.Node.CountEnded(Vhost, Stats);
        connection.Broker.Node.Churn.Count(Churn.ChannelClosed);
        foreach (ChannelConsumer consumer in Consumers)
        {
            TakeConsumer(consumer.Tag);
            await EndAsync(consumer);
        }

        SetReplies(null);
        if (Transaction is { } transaction) RollBack(transaction);
        RequeueAll();
        _content.Reset();
        _content.Release();
    }

    private void ResolveTaken(Resolution resolution)
    {
        ReadOnlySpan<UnackedMessage> taken = CollectionsMarshal.AsSpan(_taken);
        int delivered = 0;
        foreach (ref readonly UnackedMessage message in taken)
        {
            delivered += message.Consumer is null ? 0 : 1;
            if (message.Noted is { } noted) connection.Broker.Node.Hops.Settled(noted, resolution);
        }

        for (int start = 0; start < taken.Length;)
        {
            int end = start + 1;
            while (end < taken.Length && taken[end].Queue == taken[start].Queue) end++;
            ReadOnlySpan<UnackedMessage> run = taken[start..end];
            switch (resolution)
            {
                case Resolution.Ack:
                    Stats.Count(Happening.Ack, run.Length);
                    run[0].Queue.Settle(run);
                    break;
                case Resolution.Reject: run[0].Queue.Reject(run); break;
                default: run[0].Queue.Requeue(run); break;
            }

            start = end;
        }

        // Not before: the queue settled first would take all the room each time, and the others would starve.
        int left = Interlocked.Add(ref _globalUnacked, -delivered);
        bool hadNoRoom = GlobalPrefetch > 0 || left + delivered >= connection.Broker.Limits.UnackedPerChannel;
        if (hadNoRoom && delivered > 0) PumpQueues();
        _taken.Clear();
    }

    private ValueTask PublishAsync()
    {
        ValueTask room = RoomAsync();
        if (!room.IsCompletedSuccessfully) return PublishWithRoomAsync(room);
        Publish();
        return ValueTask.CompletedTask;
    }

    // The body may be borrowed from the pipe, which stays as it is until this completes.
    private async ValueTask PublishWithRoomAsync(ValueTask room)
    {
        await connection.HoldBackAsync(room);
        Publish();
    }

    private ValueTask RoomAsync()
    {
        ValueTask unblocked = connection.Broker.Connections.UnblockedAsync(connection.Stopping);
        return unblocked.IsCompletedSuccessfully ? connection.Broker.Node.Store.RoomAsync(connection.Stopping) : unblocked;
    }

    private void Publish()
    {
        try
        {
            _publishing.Publish(this, _content);
        }
        finally
        {
            _content.Reset();
        }

        if (IsConfirming) connection.AnswerLater(this);
    }

    private Hop? NoteDelivery(in Envelope envelope, Queue queue, in QueueEntry entry, bool noAck)
    {
        connection.Broker.Metrics.Delivered();
        if (MessageTracing.IsOn) MessageTracing.NoteOutgoing(envelope, queue.Name);
        MessageHops hops = connection.Broker.Node.Hops;
        return hops.IsOn ? hops.Delivered(queue, envelope, entry.DeliveryCount, connection.Facts.Peer, noAck) : null;
    }
}
