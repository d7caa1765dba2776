using System.Buffers;

namespace Quintet.Broker.Amqp;

/// <summary>What octet 0 of a frame says (AMQP 0-9-1 §4.2.3).</summary>
internal enum FrameType : byte
{
    Method = 1,
    Header = 2,
    Body = 3,
    Heartbeat = 8,
}

/// <summary>A frame over memory that belongs to the reader: valid until the reader advances.</summary>
internal readonly struct Frame(FrameType type, ushort channel, ReadOnlySequence<byte> borrowedPayload)
{
    public FrameType Type { get; } = type;

    public ushort Channel { get; } = channel;

    public ReadOnlySequence<byte> BorrowedPayload { get; } = borrowedPayload;
}
