namespace Quintet.Broker.Storage;

/// <summary>Names a durable queue inside the log. Given out by the owner of the queues and never used twice, not even after the queue is deleted:
/// what an old log still holds for an id must not appear in a new queue.</summary>
internal readonly record struct QueueId(uint Value);
