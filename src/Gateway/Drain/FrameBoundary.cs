using System.Buffers.Binary;

namespace Quintet.Gateway.Drain;

/// <summary>
/// Knows whether a stream of WebSocket frames stands between two of them (RFC 6455 §5.2), which is the only place where a frame of our own
/// may be put in. Lengths and the mask are all it reads.
/// <code>
/// byte 0: FIN, RSV, opcode | byte 1: mask bit, length 0-125, or 126: 2 more bytes, 127: 8 more | mask: 4 bytes, if the bit is set | payload
/// </code>
/// </summary>
internal sealed class FrameBoundary
{
    private readonly byte[] _head = new byte[14];
    private int _headCount;
    private ulong _payloadLeft;

    /// <summary>The stream stands between two frames.</summary>
    public bool IsBetween => _headCount == 0 && _payloadLeft == 0;

    /// <summary>Takes bytes of the stream in.</summary>
    /// <param name="bytes">What comes next in the stream.</param>
    /// <param name="isOneFrame">Stop at the end of the frame that is under way.</param>
    /// <returns>How many bytes were taken.</returns>
    public int Take(ReadOnlySpan<byte> bytes, bool isOneFrame)
    {
        int taken = 0;
        while (taken < bytes.Length)
        {
            if (_payloadLeft > 0)
            {
                int part = (int)Math.Min(_payloadLeft, (ulong)(bytes.Length - taken));
                _payloadLeft -= (ulong)part;
                taken += part;
            }
            else
            {
                _head[_headCount++] = bytes[taken++];
                if (_headCount >= 2 && _headCount == HeadLength())
                {
                    _payloadLeft = PayloadLength();
                    _headCount = 0;
                }
            }

            if (isOneFrame && IsBetween) return taken;
        }

        return taken;
    }

    private int HeadLength() => 2 + LengthBytes() + ((_head[1] & 0x80) != 0 ? 4 : 0);

    private int LengthBytes() => (_head[1] & 0x7f) switch { 127 => 8, 126 => 2, _ => 0 };

    private ulong PayloadLength() => LengthBytes() switch
    {
        8 => BinaryPrimitives.ReadUInt64BigEndian(_head.AsSpan(2)),
        2 => BinaryPrimitives.ReadUInt16BigEndian(_head.AsSpan(2)),
        _ => (ulong)(_head[1] & 0x7f),
    };
}
