using System.Buffers.Binary;

namespace Quintet.TestKit.Traffic;

/// <summary>A frame as it lies in the receive buffer; gone with the next receive.</summary>
public readonly ref struct ReceivedFrame(byte type, ReadOnlySpan<byte> payload)
{
    public ReadOnlySpan<byte> Payload { get; } = payload;

    public bool IsBody => type == 3;

    /// <summary>0 when it is no method.</summary>
    public uint Method => type == 1 ? BinaryPrimitives.ReadUInt32BigEndian(Payload) : 0;

    /// <summary>Of basic.ack and basic.nack.</summary>
    public (ulong Tag, bool Multiple) Answer => (BinaryPrimitives.ReadUInt64BigEndian(Payload[4..]), (Payload[12] & 1) != 0);

    /// <summary>Of basic.deliver: it follows the consumer's tag.</summary>
    public ulong DeliveryTag => BinaryPrimitives.ReadUInt64BigEndian(Payload[(5 + Payload[4])..]);
}
