namespace Quintet.Broker.Queues;

/// <summary>What a client decides about a message.</summary>
internal enum Resolution
{
    Ack,
    Reject,
    Requeue,
}
