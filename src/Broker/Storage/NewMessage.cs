using System.Buffers;

namespace Quintet.Broker.Storage;

/// <summary>A message on its way into the log. Everything is borrowed: it is copied once, before the append returns.</summary>
internal readonly ref struct NewMessage
{
    /// <summary>The durable queues that get a copy, each once; at least one.</summary>
    public required ReadOnlySpan<QueueId> Queues { get; init; }

    public MessageStamp Stamp { get; init; }

    /// <summary>Everything about the message but its body, in an encoding of the caller's.</summary>
    public required ReadOnlySpan<byte> Envelope { get; init; }

    public ReadOnlySequence<byte> Body { get; init; }
}
