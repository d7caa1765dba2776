using System.Buffers.Binary;
using System.Text;

namespace Quintet.Broker.Amqp;

/// <summary>
/// Reads the arguments of one method (AMQP 0-9-1 §4.2.5): big-endian integers, <c>shortstr</c> (u8 length, octets), <c>longstr</c> (u32 length,
/// octets), bits packed into octets low bit first, and field tables. Lengths never reach beyond the arguments.
/// </summary>
internal ref struct AmqpReader(ReadOnlySpan<byte> arguments, uint method = AmqpException.TheMethodAtHand)
{
    private readonly ReadOnlySpan<byte> _arguments = arguments;
    private readonly uint _method = method;
    private int _at;
    private byte _bits;
    private int _bitsLeft;

    public readonly int BytesLeft => _arguments.Length - _at;

    public readonly int Position => _at;

    public byte Octet() => Take(1)[0];

    public ushort Short() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public uint Long() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public ulong LongLong() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    public bool Bit()
    {
        if (_bitsLeft == 0)
        {
            _bits = Take(1)[0];
            _bitsLeft = 8;
        }

        bool bit = (_bits & 1) != 0;
        _bits >>= 1;
        _bitsLeft--;
        return bit;
    }

    /// <summary>The octets of a short string, borrowed.</summary>
    public ReadOnlySpan<byte> ShortBytes() => Take(Octet());

    public string ShortString()
    {
        ReadOnlySpan<byte> octets = ShortBytes();
        return octets.IsEmpty ? "" : Encoding.UTF8.GetString(octets);
    }

    /// <summary>The octets of a long string, borrowed.</summary>
    public ReadOnlySpan<byte> LongBytes()
    {
        uint length = Long();
        if (length > BytesLeft) throw Malformed();
        return Take((int)length);
    }

    public FieldTable Table()
    {
        ReadOnlySpan<byte> octets = LongBytes();
        if (octets.IsEmpty) return FieldTable.Empty;
        if (!FieldTableReader.TryRead(octets, out FieldTable? table)) throw Malformed();
        return table;
    }

    public readonly AmqpException Malformed() => new(ReplyCode.FrameError, $"cannot decode {ErlangTerm.Binary(Shown())}", _method);

    private readonly ReadOnlySpan<byte> Shown() => _arguments.Length <= 32 ? _arguments : _arguments[..32];

    private ReadOnlySpan<byte> Take(int count)
    {
        _bitsLeft = 0;
        if (count > BytesLeft) throw Malformed();
        ReadOnlySpan<byte> taken = _arguments.Slice(_at, count);
        _at += count;
        return taken;
    }
}
