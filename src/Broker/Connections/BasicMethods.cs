using Quintet.Broker.Access;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Connections;

/// <summary>Class basic, but for the content of publish, which <see cref="Channel"/> puts together.</summary>
internal static class BasicMethods
{
    public static ValueTask Publish(Channel channel, ref AmqpReader arguments)
    {
        arguments.Short(); // ticket, a leftover of 0-8
        ReadOnlySpan<byte> exchange = arguments.ShortBytes();
        ReadOnlySpan<byte> key = arguments.ShortBytes();
        bool mandatory = arguments.Bit(), immediate = arguments.Bit();
        if (immediate) throw new AmqpException(ReplyCode.NotImplemented, "immediate=true");
        channel.BeginPublish(exchange, key, mandatory);
        return ValueTask.CompletedTask;
    }

    public static ValueTask Ack(Channel channel, ref AmqpReader arguments)
    {
        channel.Resolve(arguments.LongLong(), arguments.Bit(), Resolution.Ack);
        return ValueTask.CompletedTask;
    }

    public static ValueTask Nack(Channel channel, ref AmqpReader arguments)
    {
        ulong tag = arguments.LongLong();
        bool multiple = arguments.Bit(), requeue = arguments.Bit();
        channel.Resolve(tag, multiple, requeue ? Resolution.Requeue : Resolution.Reject);
        return ValueTask.CompletedTask;
    }

    public static ValueTask Reject(Channel channel, ref AmqpReader arguments)
    {
        channel.Resolve(arguments.LongLong(), multiple: false, arguments.Bit() ? Resolution.Requeue : Resolution.Reject);
        return ValueTask.CompletedTask;
    }

    public static ValueTask Qos(Channel channel, ref AmqpReader arguments)
    {
        uint size = arguments.Long();
        ushort count = arguments.Short();
        bool isGlobal = arguments.Bit();
        if (size != 0) throw new AmqpException(ReplyCode.NotImplemented, $"prefetch_size!=0 ({size})");
        if (isGlobal) channel.GlobalPrefetch = count;
        else channel.Prefetch = count;
        channel.Send(new MethodFrame(channel.Number, MethodId.BasicQosOk));
        if (isGlobal) channel.PumpQueues();
        return ValueTask.CompletedTask;
    }

    public static ValueTask Consume(Channel channel, ref AmqpReader arguments)
    {
        arguments.Short();
        string name = QueueMethods.Named(channel, arguments.ShortString());
        string tag = arguments.ShortString();
        arguments.Bit(); // no_local: RabbitMQ never honoured it, and says so; clients know
        bool noAck = arguments.Bit(), exclusive = arguments.Bit(), noWait = arguments.Bit();
        FieldTable table = arguments.Table();

        if (name == DirectReplies.PseudoQueue) return ConsumeReplies(channel, tag, noAck, noWait);
        channel.Permissions.RequireQueue(Right.Read, name);
        if (tag.Length > 0 && channel.HasConsumer(tag)) throw new AmqpException(ReplyCode.NotAllowed, $"attempt to reuse consumer tag '{tag}'");
        channel.RequireRoomForConsumer();
        channel.Connection.Broker.Node.Room.RequireSmall(table);
        Queue queue = channel.Vhost.GetQueue(name, channel.Connection);
        RefuseMode(channel, queue, noAck);

        ChannelConsumer consumer = new(channel, queue, tag.Length > 0 ? tag : ServerNames.Consumer(), noAck)
        {
            IsExclusive = exclusive,
            Priority = PriorityOf(queue, table),
            Prefetch = channel.Prefetch,
            Arguments = table,
        };
        queue.Add(consumer);
        channel.Add(consumer);
        if (!noWait) channel.Send(new MethodFrame(channel.Number, MethodId.BasicConsumeOk).ShortString(consumer.Tag));
        consumer.Start();
        consumer.Pump();
        return ValueTask.CompletedTask;
    }

    // A stream hands out by credit: the prefetch is how much, and an acknowledgement gives it back.
    private static void RefuseMode(Channel channel, Queue queue, bool noAck)
    {
        if (queue.Settings.IsStream && channel.Prefetch == 0)
            throw new AmqpException(ReplyCode.PreconditionFailed, $"consumer prefetch count is not set for stream {queue.Settings.Described}");
        if (queue.Settings.IsStream && noAck)
            throw new AmqpException(ReplyCode.NotImplemented, $"automatic acknowledgement not supported by stream {queue.Settings.Described}");
        if (queue.Settings.Kind != QueueKind.Classic && channel.GlobalPrefetch > 0)
            throw new AmqpException(ReplyCode.NotImplemented, $"{queue.Settings.Described} does not support global qos");
    }

    private static ValueTask ConsumeReplies(Channel channel, string tag, bool noAck, bool noWait)
    {
        if (tag.Length > 0 && channel.HasConsumer(tag)) throw new AmqpException(ReplyCode.NotAllowed, $"attempt to reuse consumer tag '{tag}'");
        if (channel.Replies is not null) throw new AmqpException(ReplyCode.PreconditionFailed, "reply consumer already set");
        if (!noAck) throw new AmqpException(ReplyCode.PreconditionFailed, "reply consumer cannot acknowledge");

        ReplyConsumer consumer = channel.Connection.Broker.Replies.Open(channel, tag.Length > 0 ? tag : ServerNames.Consumer());
        if (!noWait) channel.Send(new MethodFrame(channel.Number, MethodId.BasicConsumeOk).ShortString(consumer.Tag));
        channel.SetReplies(consumer);
        return ValueTask.CompletedTask;
    }

    public static ValueTask Cancel(Channel channel, ref AmqpReader arguments)
    {
        string tag = arguments.ShortString();
        bool noWait = arguments.Bit();
        return CancelAsync(channel, tag, noWait);
    }

    public static ValueTask Get(Channel channel, ref AmqpReader arguments)
    {
        arguments.Short();
        string name = QueueMethods.Named(channel, arguments.ShortString());
        bool noAck = arguments.Bit();

        channel.Permissions.RequireQueue(Right.Read, name);
        Queue queue = channel.Vhost.GetQueue(name, channel.Connection);
        if (!noAck) channel.RequireRoomForUnacked();
        if (queue.TryTake(noAck, out QueueEntry entry, out int left)) return GetAsync(channel, queue, entry, (noAck, left));
        channel.Stats.Count(Happening.GetEmpty);
        channel.Send(new MethodFrame(channel.Number, MethodId.BasicGetEmpty).ShortString(""));
        return ValueTask.CompletedTask;
    }

    public static ValueTask Recover(Channel channel, ref AmqpReader arguments, bool answer)
    {
        if (!arguments.Bit()) throw new AmqpException(ReplyCode.NotImplemented, "requeue=false");
        // The answer goes first: what is requeued may be on its way back to this very channel at once.
        if (answer) channel.Send(new MethodFrame(channel.Number, MethodId.BasicRecoverOk));
        channel.RequeueAll();
        return ValueTask.CompletedTask;
    }

    private static async ValueTask CancelAsync(Channel channel, string tag, bool noWait)
    {
        if (channel.Replies?.Tag == tag) channel.SetReplies(null);
        else if (channel.TakeConsumer(tag) is { } consumer) await channel.EndAsync(consumer);
        if (!noWait) channel.Send(new MethodFrame(channel.Number, MethodId.BasicCancelOk).ShortString(tag));
    }

    private static async ValueTask GetAsync(Channel channel, Queue queue, QueueEntry entry, (bool NoAck, int MessagesLeft) get)
    {
        if (entry.Memory is { } memory)
        {
            channel.SendGetOk(queue, entry, get, (memory.Envelope, memory.Body));
            return;
        }

        try
        {
            using StoredMessage stored = await queue.ReadAsync(entry.Ref, channel.Connection.Stopping);
            channel.SendGetOk(queue, entry, get, (stored.Envelope, stored.Body));
        }
        catch (Exception) when (!get.NoAck)
        {
            queue.Requeue([new UnackedMessage(0, queue, null, entry)]);
            throw;
        }

        if (get.NoAck) queue.Forget(entry);
    }

    private static int PriorityOf(Queue queue, FieldTable arguments)
    {
        if (!arguments.TryGet("x-priority", out FieldValue priority)) return 0;
        if (!priority.IsInteger)
            throw new AmqpException(
                ReplyCode.PreconditionFailed, $"invalid arg 'x-priority' for {queue.Settings.Described}: \"expected integer, got {priority.KindName}\"");
        return (int)Math.Clamp(priority.Number, int.MinValue, int.MaxValue);
    }
}
