using System.Buffers.Binary;
using System.Text;

namespace Quintet.TestKit.Traffic;

/// <summary>
/// A persistent message of 256 octets as its three frames, laid out many times one after the other: sending some is one call. The body begins with the
/// time it was sent; 0 says that it is the last.
/// </summary>
public sealed class PublishedFrames
{
    public const int BodyBytes = 256;

    private readonly byte[] _octets;
    private readonly int _messageBytes;
    private readonly int _keyAt;

    /// <param name="exchange">Where to.</param>
    /// <param name="routingKey">The key; its last digits may be changed by <see cref="SetKeyNumber"/>.</param>
    /// <param name="count">How many fit.</param>
    public PublishedFrames(string exchange, string routingKey, int count)
    {
        byte[] publish = new MethodBytes(LoadConnection.Channel, Methods.BasicPublish)
            .Short(0).ShortString(exchange).ShortString(routingKey).Octet(0).ToFrame();
        byte[] message = [.. publish, .. HeaderFrame(), .. BodyFrame()];
        _messageBytes = message.Length;
        _keyAt = publish.Length - 2 - Encoding.UTF8.GetByteCount(routingKey);
        KeyBytes = Encoding.UTF8.GetByteCount(routingKey);
        _octets = new byte[count * _messageBytes];
        for (int index = 0; index < count; index++) message.CopyTo(_octets, index * _messageBytes);
    }

    public int KeyBytes { get; }

    public ReadOnlySpan<byte> First(int count) => _octets.AsSpan(0, count * _messageBytes);

    public void Stamp(int index, long time) =>
        BinaryPrimitives.WriteInt64BigEndian(_octets.AsSpan(((index + 1) * _messageBytes) - 1 - BodyBytes), time);

    /// <summary>Makes the last three characters of a message's routing key say a number.</summary>
    public void SetKeyNumber(int index, int number)
    {
        Span<byte> digits = _octets.AsSpan((index * _messageBytes) + _keyAt + KeyBytes - 3, 3);
        digits[0] = (byte)('0' + (number / 100));
        digits[1] = (byte)('0' + (number / 10 % 10));
        digits[2] = (byte)('0' + (number % 10));
    }

    private static byte[] HeaderFrame()
    {
        byte[] frame = new byte[7 + 15 + 1];
        frame[0] = 2;
        frame[2] = (byte)LoadConnection.Channel;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(3), 15);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(7), 60);
        BinaryPrimitives.WriteUInt64BigEndian(frame.AsSpan(11), BodyBytes);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(19), 1 << 12); // delivery_mode alone
        frame[21] = 2;
        frame[22] = 0xCE;
        return frame;
    }

    private static byte[] BodyFrame()
    {
        byte[] frame = new byte[7 + BodyBytes + 1];
        frame[0] = 3;
        frame[2] = (byte)LoadConnection.Channel;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(3), BodyBytes);
        frame[^1] = 0xCE;
        return frame;
    }
}
