namespace Quintet.Broker.Queues;

/// <summary>A queue at one moment.</summary>
internal readonly record struct QueueCounts(int Ready, int Unacked, int Consumers, long ReadyBytes);
