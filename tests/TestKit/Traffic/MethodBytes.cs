using System.Buffers.Binary;
using System.Text;

namespace Quintet.TestKit.Traffic;

/// <summary>A method frame in the making: type, channel, size, method, arguments, 0xCE.</summary>
internal sealed class MethodBytes
{
    private readonly List<byte> _octets = [];

    public MethodBytes(ushort channel, uint method)
    {
        _octets.Add(1);
        Short(channel).Long(0).Long(method);
    }

    public MethodBytes Octet(byte value)
    {
        _octets.Add(value);
        return this;
    }

    public MethodBytes Short(ushort value) => Octet((byte)(value >> 8)).Octet((byte)value);

    public MethodBytes Long(uint value) => Short((ushort)(value >> 16)).Short((ushort)value);

    public MethodBytes ShortString(string value)
    {
        Octet((byte)Encoding.UTF8.GetByteCount(value));
        _octets.AddRange(Encoding.UTF8.GetBytes(value));
        return this;
    }

    public MethodBytes LongString(string value)
    {
        Long((uint)Encoding.UTF8.GetByteCount(value));
        _octets.AddRange(Encoding.UTF8.GetBytes(value));
        return this;
    }

    /// <summary>A field table of strings and integers.</summary>
    public MethodBytes Table(params (string Name, object Value)[] fields)
    {
        int at = _octets.Count;
        Long(0);
        foreach ((string name, object value) in fields)
        {
            ShortString(name);
            if (value is int number) Octet((byte)'I').Long((uint)number);
            else Octet((byte)'S').LongString((string)value);
        }

        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, _octets.Count - at - 4);
        for (int index = 0; index < 4; index++) _octets[at + index] = length[index];
        return this;
    }

    public byte[] ToFrame()
    {
        byte[] frame = [.. _octets, 0xCE];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(3), frame.Length - 8);
        return frame;
    }
}
