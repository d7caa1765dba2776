using Quintet.Broker.Amqp;

namespace Quintet.Broker.Connections;

/// <summary>Class tx: publishes and acknowledgements of a channel that take effect together.</summary>
internal static class TxMethods
{
    public static ValueTask Select(Channel channel)
    {
        channel.StartTransactions();
        channel.Send(new MethodFrame(channel.Number, MethodId.TxSelectOk));
        return ValueTask.CompletedTask;
    }

    /// <summary>Commit-ok goes out when all of it is on disk.</summary>
    public static async ValueTask CommitAsync(Channel channel)
    {
        await channel.CommitAsync(Require(channel));
        channel.Send(new MethodFrame(channel.Number, MethodId.TxCommitOk));
    }

    public static ValueTask Rollback(Channel channel)
    {
        channel.RollBack(Require(channel));
        channel.Send(new MethodFrame(channel.Number, MethodId.TxRollbackOk));
        return ValueTask.CompletedTask;
    }

    private static Transaction Require(Channel channel) =>
        channel.Transaction ?? throw new AmqpException(ReplyCode.PreconditionFailed, "channel is not transactional");
}
