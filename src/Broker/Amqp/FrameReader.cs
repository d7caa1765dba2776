using System.Buffers;
using System.Buffers.Binary;

namespace Quintet.Broker.Amqp;

/// <summary>
/// Cuts frames out of a stream of octets (AMQP 0-9-1 §2.3.5):
/// <code>
/// 0      1         3             7                  size+7     size+8
/// +------+---------+-------------+------------------+-----------+
/// | type | channel |    size     |     payload      | frame-end |
/// +------+---------+-------------+------------------+-----------+
///   u8       u16        u32        size octets          0xCE
/// </code>
/// </summary>
internal static class FrameReader
{
    public const byte FrameEnd = 0xCE;
    public const int HeaderBytes = 7;

    /// <summary>Type, channel, size and frame-end: what frame_max counts besides the payload.</summary>
    public const int OverheadBytes = 8;

    /// <summary>Takes one frame off the front of <paramref name="unread"/>; false when it is not all there yet.</summary>
    /// <exception cref="AmqpException">501 for a wrong end, an unknown type or a payload that frame_max does not allow.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> unread, uint frameBytesMax, out Frame borrowed)
    {
        borrowed = default;
        if (unread.Length < HeaderBytes) return false;

        Span<byte> copied = stackalloc byte[HeaderBytes];
        scoped ReadOnlySpan<byte> header = unread.FirstSpan;
        if (header.Length < HeaderBytes)
        {
            unread.Slice(0, HeaderBytes).CopyTo(copied);
            header = copied;
        }

        byte type = header[0];
        ushort channel = BinaryPrimitives.ReadUInt16BigEndian(header[1..]);
        uint size = BinaryPrimitives.ReadUInt32BigEndian(header[3..]);
        if (size > frameBytesMax - OverheadBytes) throw TooLarge(type, size, frameBytesMax);
        if (unread.Length < size + OverheadBytes) return false;

        ReadOnlySequence<byte> payload = unread.Slice(HeaderBytes, size);
        byte end = unread.Slice(HeaderBytes + size, 1).FirstSpan[0];
        if (end != FrameEnd) throw WrongEnd(type, payload, end);
        if (!IsKnown(type)) throw UnknownType(type, payload);

        unread = unread.Slice(size + OverheadBytes);
        borrowed = new Frame((FrameType)type, channel, payload);
        return true;
    }

    private static bool IsKnown(byte type) => (FrameType)type is FrameType.Method or FrameType.Header or FrameType.Body or FrameType.Heartbeat;

    private static AmqpException TooLarge(byte type, uint size, uint frameBytesMax) =>
        new(ReplyCode.FrameError, $"type {type}, all octets = <<>>: {{frame_too_large,{size},{frameBytesMax - OverheadBytes}}}", 0);

    private static AmqpException WrongEnd(byte type, ReadOnlySequence<byte> payload, byte end) =>
        new(ReplyCode.FrameError, ErlangTerm.Explain(Describe(type, payload), "invalid_frame_end_marker", end), 0);

    private static AmqpException UnknownType(byte type, ReadOnlySequence<byte> payload) =>
        new(ReplyCode.FrameError, Describe(type, payload) + "unknown_frame", 0);

    private static string Describe(byte type, ReadOnlySequence<byte> payload)
    {
        const int Shown = 16;
        byte[] octets = payload.Slice(0, Math.Min(Shown, payload.Length)).ToArray();
        string which = payload.Length > Shown ? "first 16 octets" : "all octets";
        return $"type {type}, {which} = {ErlangTerm.Binary(octets)}: ";
    }
}
