using System.Buffers.Binary;

namespace Quintet.Broker.Amqp;

/// <summary>A message as it goes out: all of it borrowed.</summary>
/// <param name="routing">Exchange and routing key, each as a short string, one after the other, as every method here wants them.</param>
/// <param name="properties">Property flags and list.</param>
/// <param name="body">The body.</param>
internal readonly ref struct Content(ReadOnlySpan<byte> routing, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> body)
{
    public ReadOnlySpan<byte> Routing { get; } = routing;

    public ReadOnlySpan<byte> Properties { get; } = properties;

    public ReadOnlySpan<byte> Body { get; } = body;
}

/// <summary>
/// Writes the frames of the methods that flow: deliver, get-ok and return with their content, ack and nack. A message is a method frame, a
/// header frame and as many body frames as frame_max asks for:
/// <code>
/// deliver: consumer tag | u64 tag | u8 redelivered | exchange | routing key
/// get-ok:  u64 tag | u8 redelivered | exchange | routing key | u32 messages left
/// return:  u16 code | text | exchange | routing key
/// ack:     u64 tag | u8 multiple          nack: u64 tag | u8 multiple, requeue
/// </code>
/// </summary>
internal static class ContentFrames
{
    private const int MethodHead = FrameReader.HeaderBytes + 4;

    public static void Deliver(
        FrameBuffer output, (ushort Channel, uint FrameBytesMax) to, ReadOnlySpan<byte> consumerTag, (ulong Tag, bool Redelivered) delivery, in Content content)
    {
        int size = MethodHead + 1 + consumerTag.Length + 9 + content.Routing.Length + 1;
        Span<byte> span = output.Reserve(size);
        BeginMethod(span, to.Channel, MethodId.BasicDeliver, size);
        span[MethodHead] = (byte)consumerTag.Length;
        consumerTag.CopyTo(span[(MethodHead + 1)..]);
        Span<byte> rest = span[(MethodHead + 1 + consumerTag.Length)..];
        BinaryPrimitives.WriteUInt64BigEndian(rest, delivery.Tag);
        rest[8] = delivery.Redelivered ? (byte)1 : (byte)0;
        content.Routing.CopyTo(rest[9..]);
        span[size - 1] = FrameReader.FrameEnd;
        HeaderAndBody(output, to, content);
    }

    public static void GetOk(
        FrameBuffer output, (ushort Channel, uint FrameBytesMax) to, (ulong Tag, bool Redelivered) delivery, uint messagesLeft, in Content content)
    {
        int size = MethodHead + 9 + content.Routing.Length + 4 + 1;
        Span<byte> span = output.Reserve(size);
        BeginMethod(span, to.Channel, MethodId.BasicGetOk, size);
        BinaryPrimitives.WriteUInt64BigEndian(span[MethodHead..], delivery.Tag);
        span[MethodHead + 8] = delivery.Redelivered ? (byte)1 : (byte)0;
        content.Routing.CopyTo(span[(MethodHead + 9)..]);
        BinaryPrimitives.WriteUInt32BigEndian(span[(MethodHead + 9 + content.Routing.Length)..], messagesLeft);
        span[size - 1] = FrameReader.FrameEnd;
        HeaderAndBody(output, to, content);
    }

    public static void Return(FrameBuffer output, (ushort Channel, uint FrameBytesMax) to, ReplyCode code, in Content content)
    {
        string text = code.Name();
        int size = MethodHead + 2 + 1 + text.Length + content.Routing.Length + 1;
        Span<byte> span = output.Reserve(size);
        BeginMethod(span, to.Channel, MethodId.BasicReturn, size);
        BinaryPrimitives.WriteUInt16BigEndian(span[MethodHead..], (ushort)code);
        span[MethodHead + 2] = (byte)text.Length;
        for (int index = 0; index < text.Length; index++) span[MethodHead + 3 + index] = (byte)text[index];
        content.Routing.CopyTo(span[(MethodHead + 3 + text.Length)..]);
        span[size - 1] = FrameReader.FrameEnd;
        HeaderAndBody(output, to, content);
    }

    public static void Ack(FrameBuffer output, ushort channel, ulong tag, bool multiple) =>
        Confirm(output, channel, MethodId.BasicAck, tag, multiple ? (byte)1 : (byte)0);

    /// <summary>RabbitMQ says multiple and requeue in every nack it sends, even for one message; clients have grown used to it.</summary>
    public static void Nack(FrameBuffer output, ushort channel, ulong tag) => Confirm(output, channel, MethodId.BasicNack, tag, 3);

    private static void Confirm(FrameBuffer output, ushort channel, uint method, ulong tag, byte bits)
    {
        const int Size = MethodHead + 9 + 1;
        Span<byte> span = output.Reserve(Size);
        BeginMethod(span, channel, method, Size);
        BinaryPrimitives.WriteUInt64BigEndian(span[MethodHead..], tag);
        span[MethodHead + 8] = bits;
        span[Size - 1] = FrameReader.FrameEnd;
    }

    private static void HeaderAndBody(FrameBuffer output, (ushort Channel, uint FrameBytesMax) to, in Content content)
    {
        int size = ContentHeader.PropertiesAt + content.Properties.Length;
        Span<byte> span = output.Reserve(size + FrameReader.OverheadBytes);
        BeginFrame(span, FrameType.Header, to.Channel, size);
        Span<byte> payload = span[FrameReader.HeaderBytes..];
        BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)MethodId.BasicClass << 16); // class, weight 0
        BinaryPrimitives.WriteUInt64BigEndian(payload[4..], (ulong)content.Body.Length);
        content.Properties.CopyTo(payload[ContentHeader.PropertiesAt..]);
        payload[size] = FrameReader.FrameEnd;

        int most = (int)Math.Min(to.FrameBytesMax, int.MaxValue) - FrameReader.OverheadBytes;
        for (ReadOnlySpan<byte> left = content.Body; !left.IsEmpty;)
        {
            ReadOnlySpan<byte> part = left[..Math.Min(most, left.Length)];
            left = left[part.Length..];
            Span<byte> frame = output.Reserve(part.Length + FrameReader.OverheadBytes);
            BeginFrame(frame, FrameType.Body, to.Channel, part.Length);
            part.CopyTo(frame[FrameReader.HeaderBytes..]);
            frame[^1] = FrameReader.FrameEnd;
        }
    }

    private static void BeginMethod(Span<byte> span, ushort channel, uint method, int size)
    {
        BeginFrame(span, FrameType.Method, channel, size - FrameReader.OverheadBytes);
        BinaryPrimitives.WriteUInt32BigEndian(span[FrameReader.HeaderBytes..], method);
    }

    private static void BeginFrame(Span<byte> span, FrameType type, ushort channel, int size)
    {
        span[0] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(span[1..], channel);
        BinaryPrimitives.WriteUInt32BigEndian(span[3..], (uint)size);
    }
}
