using System.Buffers.Binary;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Queues;

/// <summary>
/// What the storage keeps of a message besides its body:
/// <code>
/// 0       1                3
/// +-------+----------------+----------------------+-------------------------+---------------------------+
/// | flags | delivery count | u8 length | exchange | u8 length | routing key | property flags and list … |
/// +-------+----------------+----------------------+-------------------------+---------------------------+
/// </code>
/// Flag 1: the x-death header in the properties was written here, not by a client. The delivery count is what the message brought along from
/// the quorum queue it was dead-lettered from.
/// </summary>
internal readonly ref struct Envelope
{
    public const int HeadBytes = 3;
    public const byte HasDeathsFlag = 1;

    private readonly ReadOnlySpan<byte> _octets;
    private readonly int _routingKeyAt;
    private readonly int _propertiesAt;

    /// <summary>Looks at octets that <see cref="Create"/> and the publish path made: they are whole.</summary>
    public Envelope(ReadOnlySpan<byte> octets)
    {
        _octets = octets;
        _routingKeyAt = HeadBytes + 1 + octets[HeadBytes];
        _propertiesAt = _routingKeyAt + 1 + octets[_routingKeyAt];
    }

    /// <summary>The x-death header in the properties is the broker's own; one that a client sent is not continued.</summary>
    public bool HasDeaths => (_octets[0] & HasDeathsFlag) != 0;

    public ushort DeliveryCount => BinaryPrimitives.ReadUInt16BigEndian(_octets[1..]);

    /// <summary>Exchange and routing key, each with its length, as deliver, get-ok and return carry them.</summary>
    public ReadOnlySpan<byte> Routing => _octets[HeadBytes.._propertiesAt];

    public ReadOnlySpan<byte> Exchange => _octets[(HeadBytes + 1).._routingKeyAt];

    public ReadOnlySpan<byte> RoutingKey => _octets[(_routingKeyAt + 1).._propertiesAt];

    public ReadOnlySpan<byte> Properties => _octets[_propertiesAt..];

    /// <summary>The properties as a delivery carries them: with x-delivery-count, unless it is the first.</summary>
    public ReadOnlySpan<byte> PropertiesOfDelivery(ushort deliveryCount)
    {
        if (deliveryCount == 0 || !BasicProperties.TryParse(Properties, out BasicProperties properties)) return Properties;
        FieldTable headers = properties.ReadHeaders();
        headers.Set("x-delivery-count", FieldValue.Of(deliveryCount));
        return properties.With(headers);
    }

    /// <summary>A whole envelope; names longer than 255 octets do not occur, since they come from short strings.</summary>
    public static byte[] Create(byte flags, ushort deliveryCount, (byte[] Exchange, byte[] RoutingKey) routing, ReadOnlySpan<byte> properties)
    {
        byte[] octets = new byte[HeadBytes + 2 + routing.Exchange.Length + routing.RoutingKey.Length + properties.Length];
        octets[0] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(octets.AsSpan(1), deliveryCount);
        octets[HeadBytes] = (byte)routing.Exchange.Length;
        routing.Exchange.CopyTo(octets, HeadBytes + 1);
        int at = HeadBytes + 1 + routing.Exchange.Length;
        octets[at] = (byte)routing.RoutingKey.Length;
        routing.RoutingKey.CopyTo(octets, at + 1);
        properties.CopyTo(octets.AsSpan(at + 1 + routing.RoutingKey.Length));
        return octets;
    }
}
