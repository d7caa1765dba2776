namespace Quintet.Broker.Queues;

/// <summary>A queue at one moment.</summary>
internal readonly record struct QueueCounts(int Ready, int Unacked, int Consumers, long ReadyBytes);

/// <summary>A queue that was just deleted.</summary>
/// <param name="MessagesDropped">What was ready in it.</param>
/// <param name="Consumers">Who consumed from it, to be told once the client that deleted it has its answer.</param>
internal sealed record QueueEnd(int MessagesDropped, IReadOnlyList<Consumer> Consumers)
{
    public void TellConsumers()
    {
        foreach (Consumer consumer in Consumers) consumer.EndedByServer();
    }
}
