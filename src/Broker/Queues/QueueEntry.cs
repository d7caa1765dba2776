using Quintet.Broker.Storage;

namespace Quintet.Broker.Queues;

/// <summary>A message that is not on disk: transient, or in a queue that does not survive a restart. Never changed once made.</summary>
internal sealed class MemoryMessage(byte[] envelope, byte[] body)
{
    public byte[] Envelope { get; } = envelope;

    public byte[] Body { get; } = body;
}

/// <summary>One message's place in one queue. <see cref="MessageDeque"/> keeps the many that wait, packed; this is how one is handed about.</summary>
internal struct QueueEntry
{
    /// <summary>Counts up in each queue and priority, given when the message is taken out; one that comes back goes to the place this gives it.</summary>
    public ulong Position;

    /// <summary>Where the message is in the store; meaningless when <see cref="Memory"/> is set.</summary>
    public MessageRef Ref;

    public MemoryMessage? Memory;

    /// <summary>Milliseconds since 1970, 0 for never.</summary>
    public long ExpiresAt;

    /// <summary>Size of the body, which x-max-length-bytes counts.</summary>
    public int BodyBytes;

    /// <summary>How often a quorum queue got the message back.</summary>
    public ushort DeliveryCount;

    public byte Priority;

    public bool IsRedelivered;

    public readonly bool IsStored => Memory is null;

    public static QueueEntry Of(RecoveredMessage message) => new()
    {
        Ref = message.Ref,
        BodyBytes = message.BodyBytes,
        DeliveryCount = message.DeliveryCount,
        Priority = message.Stamp.Priority,
        ExpiresAt = message.Stamp.ExpiresAt,
        // Deliveries are not written down, so it may have been seen; the flag promises no less (AMQP 0-9-1 §1.8.3.13).
        IsRedelivered = true,
    };
}
