using Quintet.Broker.Amqp;
using Quintet.Broker.Connections.Transactions;
using Quintet.Broker.Queues;

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

    /// <summary>Publishes, then settles: a crash in between repeats a message and loses none. Commit-ok goes out when all of it is on disk.</summary>
    public static async ValueTask CommitAsync(Channel channel)
    {
        Transaction transaction = Require(channel);
        bool isWhole = true;
        foreach (PendingPublish publish in transaction.Publishes) isWhole &= await channel.CommitAsync(publish);
        foreach ((Resolution resolution, UnackedMessage[] messages) in transaction.Settlements) channel.Commit(resolution, messages);
        transaction.Clear();
        await channel.Connection.Broker.Node.Store.FlushedAsync();
        if (!isWhole) throw new AmqpException(ReplyCode.PreconditionFailed, "partial tx completion", MethodId.TxCommit);
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
