using System.Buffers.Binary;
using System.Security.Cryptography;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Topology.Deduplication;

/// <summary>What the header x-deduplication-header says, as a hash: a key costs the same however long it is. Integers of any width are the same key.</summary>
internal readonly record struct DeduplicationKey(UInt128 High, UInt128 Low)
{
    /// <summary>False for a message without the header, which is never a duplicate.</summary>
    public static bool TryRead(ReadOnlySpan<byte> headers, out DeduplicationKey key)
    {
        key = default;
        if (headers.IsEmpty) return false;
        ReadOnlySpan<byte> raw = FieldTableReader.RawValue(headers, "x-deduplication-header"u8);
        if (raw.IsEmpty || !FieldTableReader.TryReadValue(raw, out FieldValue value) || value.Kind == FieldKind.Void) return false;
        key = value.IsInteger ? OfNumber(value.Number) : Of(raw);
        return true;
    }

    private static DeduplicationKey OfNumber(long number)
    {
        Span<byte> octets = stackalloc byte[9];
        octets[0] = (byte)FieldKind.SignedLong;
        BinaryPrimitives.WriteInt64BigEndian(octets[1..], number);
        return Of(octets);
    }

    private static DeduplicationKey Of(ReadOnlySpan<byte> octets)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(octets, hash);
        return new DeduplicationKey(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
    }
}
