using System.Buffers;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;

namespace Quintet.Broker.Streams;

/// <summary>Makes the entries of a stream: the envelope as it is delivered to everybody, made once, when the message gets its offset.</summary>
internal static class StreamEntries
{
    private const int FilterBytesMax = byte.MaxValue;

    private static ReadOnlySpan<byte> OffsetHeader => "x-stream-offset"u8;

    private static ReadOnlySpan<byte> FilterHeader => "x-stream-filter-value"u8;

    /// <summary>The value of x-stream-filter-value, if there is one of at most 255 octets, and the envelope with x-stream-offset in its headers.</summary>
    public static int Encode(ReadOnlySpan<byte> octets, long offset, IBufferWriter<byte> output)
    {
        Envelope envelope = new(octets);
        if (!BasicProperties.TryParse(envelope.Properties, out BasicProperties properties))
            throw new InvalidOperationException("properties that were stored cannot be read again");

        ReadOnlySpan<byte> filter = TextOf(FieldTableReader.RawValue(properties.Headers, FilterHeader));
        if (filter.Length > FilterBytesMax) filter = default;
        output.Write(filter);
        output.Write(octets[..^envelope.Properties.Length]);
        properties.WriteStreamed(output, OffsetHeader, offset);
        return filter.Length;
    }

    private static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> value) =>
        value.Length >= 5 && value[0] == (byte)FieldKind.LongString ? value[5..] : default;
}
