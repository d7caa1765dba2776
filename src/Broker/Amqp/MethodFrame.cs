using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Quintet.Broker.Amqp;

/// <summary>
/// Builds one method frame: <c>01 | channel | size | class | method | arguments | CE</c>. For the methods that are sent now and then;
/// deliveries and confirms have their own way in <see cref="ContentFrames"/>.
/// </summary>
internal sealed class MethodFrame
{
    private readonly ArrayBufferWriter<byte> _octets = new(128);

    public MethodFrame(ushort channel, uint method)
    {
        Span<byte> head = _octets.GetSpan(FrameReader.HeaderBytes + 4);
        head[0] = (byte)FrameType.Method;
        BinaryPrimitives.WriteUInt16BigEndian(head[1..], channel);
        BinaryPrimitives.WriteUInt32BigEndian(head[7..], method);
        _octets.Advance(FrameReader.HeaderBytes + 4);
    }

    public MethodFrame Octet(byte value)
    {
        _octets.Write([value]);
        return this;
    }

    /// <summary>A lone bit takes an octet; no method sent here has two in a row.</summary>
    public MethodFrame Bit(bool value) => Octet(value ? (byte)1 : (byte)0);

    public MethodFrame Short(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_octets.GetSpan(2), value);
        _octets.Advance(2);
        return this;
    }

    public MethodFrame Long(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_octets.GetSpan(4), value);
        _octets.Advance(4);
        return this;
    }

    public MethodFrame ShortString(string value)
    {
        byte[] octets = Encoding.UTF8.GetBytes(value);
        int length = octets.Length <= byte.MaxValue ? octets.Length : CutAtCharacter(octets, byte.MaxValue);
        _octets.Write([(byte)length]);
        _octets.Write(octets.AsSpan(0, length));
        return this;
    }

    public MethodFrame LongString(string value)
    {
        byte[] octets = Encoding.UTF8.GetBytes(value);
        Long((uint)octets.Length);
        _octets.Write(octets);
        return this;
    }

    public MethodFrame Table(FieldTable table)
    {
        FieldTableWriter.Write(_octets, table);
        return this;
    }

    public byte[] ToArray()
    {
        _octets.Write([FrameReader.FrameEnd]);
        byte[] frame = _octets.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(3), frame.Length - FrameReader.OverheadBytes);
        return frame;
    }

    // Reply texts are cut to what a short string holds, never inside a character.
    private static int CutAtCharacter(byte[] octets, int length)
    {
        while (length > 0 && (octets[length] & 0xC0) == 0x80) length--;
        return length;
    }
}
