using Quintet.Broker.Amqp;

namespace Quintet.Broker.Connections;

/// <summary>Which method is handled where. Adding one is adding its arm here and its handler in the file of its class.</summary>
internal static class ChannelMethods
{
    public static ValueTask HandleAsync(Channel channel, uint method, AmqpReader arguments)
    {
        channel.RequireNoContent();
        return method switch
        {
            MethodId.BasicPublish => BasicMethods.Publish(channel, ref arguments),
            MethodId.BasicAck => BasicMethods.Ack(channel, ref arguments),
            MethodId.BasicNack => BasicMethods.Nack(channel, ref arguments),
            MethodId.BasicReject => BasicMethods.Reject(channel, ref arguments),
            MethodId.BasicGet => BasicMethods.Get(channel, ref arguments),
            MethodId.BasicConsume => BasicMethods.Consume(channel, ref arguments),
            MethodId.BasicCancel => BasicMethods.Cancel(channel, ref arguments),
            MethodId.BasicCancelOk => ValueTask.CompletedTask, // answers a cancel of ours, which never waits for it
            MethodId.BasicQos => BasicMethods.Qos(channel, ref arguments),
            MethodId.BasicRecover => BasicMethods.Recover(channel, ref arguments, answer: true),
            MethodId.BasicRecoverAsync => BasicMethods.Recover(channel, ref arguments, answer: false),
            MethodId.QueueDeclare => QueueMethods.Declare(channel, ref arguments),
            MethodId.QueueBind => QueueMethods.Bind(channel, ref arguments),
            MethodId.QueueUnbind => QueueMethods.Unbind(channel, ref arguments),
            MethodId.QueuePurge => QueueMethods.Purge(channel, ref arguments),
            MethodId.QueueDelete => QueueMethods.Delete(channel, ref arguments),
            MethodId.ExchangeDeclare => ExchangeMethods.Declare(channel, ref arguments),
            MethodId.ExchangeDelete => ExchangeMethods.Delete(channel, ref arguments),
            MethodId.ExchangeBind => ExchangeMethods.Bind(channel, ref arguments),
            MethodId.ExchangeUnbind => ExchangeMethods.Unbind(channel, ref arguments),
            MethodId.ConfirmSelect => ConfirmSelect(channel, ref arguments),
            MethodId.TxSelect => TxMethods.Select(channel),
            MethodId.TxCommit => TxMethods.CommitAsync(channel),
            MethodId.TxRollback => TxMethods.Rollback(channel),
            MethodId.ChannelFlow => Flow(channel, ref arguments),
            MethodId.ChannelClose => channel.Connection.ChannelClosedAsync(channel),
            MethodId.ChannelCloseOk => ValueTask.CompletedTask,
            MethodId.ChannelOpen => throw new AmqpException(ReplyCode.ChannelError, "second 'channel.open' seen"),
            MethodId.AccessRequest => Answer(channel, new MethodFrame(channel.Number, MethodId.AccessRequestOk).Short(1)),
            _ => throw new AmqpException(ReplyCode.NotImplemented, $"method {method >> 16}.{method & 0xFFFF}"),
        };
    }

    private static ValueTask ConfirmSelect(Channel channel, ref AmqpReader arguments)
    {
        bool noWait = arguments.Bit();
        channel.StartConfirming();
        return noWait ? ValueTask.CompletedTask : Answer(channel, new MethodFrame(channel.Number, MethodId.ConfirmSelectOk));
    }

    private static ValueTask Flow(Channel channel, ref AmqpReader arguments)
    {
        if (!arguments.Bit()) throw new AmqpException(ReplyCode.NotImplemented, "active=false");
        return Answer(channel, new MethodFrame(channel.Number, MethodId.ChannelFlowOk).Bit(true));
    }

    private static ValueTask Answer(Channel channel, MethodFrame frame)
    {
        channel.Send(frame);
        return ValueTask.CompletedTask;
    }
}
