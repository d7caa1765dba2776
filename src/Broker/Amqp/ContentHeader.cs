using System.Buffers.Binary;

namespace Quintet.Broker.Amqp;

/// <summary>
/// The payload of a header frame (AMQP 0-9-1 §4.2.6.1):
/// <code>
/// 0       2        4           12               14
/// +-------+--------+-----------+----------------+------------------+
/// | class | weight | body size | property flags | property list …  |
/// +-------+--------+-----------+----------------+------------------+
/// </code>
/// Flags and list together are kept as they came (<see cref="BasicProperties"/>).
/// </summary>
internal static class ContentHeader
{
    public const int PropertiesAt = 12;

    public static bool TryRead(ReadOnlySpan<byte> payload, out ushort classId, out ulong bodyBytes, out ReadOnlySpan<byte> properties)
    {
        classId = 0;
        bodyBytes = 0;
        properties = default;
        if (payload.Length < PropertiesAt + 2) return false;
        classId = BinaryPrimitives.ReadUInt16BigEndian(payload);
        bodyBytes = BinaryPrimitives.ReadUInt64BigEndian(payload[4..]);
        properties = payload[PropertiesAt..];
        return true;
    }
}
