using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Quintet.Broker.Amqp;

/// <summary>
/// A view of a message's properties over the octets they came in: u16 flags, then the present properties in the order of the flags, highest
/// bit first (AMQP 0-9-1 §4.2.6.1). Only those the broker acts on are looked at; all are checked to be whole.
/// </summary>
internal readonly ref struct BasicProperties
{
    private const ushort HeadersFlag = 1 << 13;
    private const ushort DeliveryModeFlag = 1 << 12;
    private const ushort PriorityFlag = 1 << 11;
    private const ushort CorrelationIdFlag = 1 << 10;
    private const ushort ReplyToFlag = 1 << 9;
    private const ushort ExpirationFlag = 1 << 8;
    private const ushort MessageIdFlag = 1 << 7;
    private const ushort TimestampFlag = 1 << 6;
    private const ushort UserIdFlag = 1 << 4;
    private const ushort LowestFlag = 1 << 2;

    private BasicProperties(ReadOnlySpan<byte> octets) => Octets = octets;

    /// <summary>Flags and list as received.</summary>
    public ReadOnlySpan<byte> Octets { get; private init; }

    /// <summary>The inside of the headers table, without its length.</summary>
    public ReadOnlySpan<byte> Headers { get; private init; }

    public byte DeliveryMode { get; private init; }

    public byte Priority { get; private init; }

    public bool HasExpiration { get; private init; }

    public ReadOnlySpan<byte> Expiration { get; private init; }

    public ReadOnlySpan<byte> ReplyTo { get; private init; }

    /// <summary>Empty when there is none.</summary>
    public ReadOnlySpan<byte> MessageId { get; private init; }

    public bool HasUserId { get; private init; }

    public ReadOnlySpan<byte> UserId { get; private init; }

    /// <summary>A header CC or BCC is there: sender-selected distribution.</summary>
    public bool HasCopies { get; private init; }

    /// <summary>A header traceparent is there (W3C trace context).</summary>
    public bool HasTraceParent { get; private init; }

    public bool IsPersistent => DeliveryMode == 2;

    /// <summary>False when a property reaches beyond the octets, the headers are no table, or octets are left over.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, out BasicProperties properties)
    {
        properties = default;
        if (octets.Length < 2) return false;
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(octets);
        if ((flags & (LowestFlag - 1)) != 0) return false; // a continuation of flags, which class basic has not

        BasicProperties found = new(octets);
        ReadOnlySpan<byte> rest = octets[2..];
        for (ushort flag = 1 << 15; flag >= LowestFlag; flag >>= 1)
        {
            if ((flags & flag) == 0) continue;
            int size = SizeOf(flag, rest);
            if (size < 0 || size > rest.Length) return false;
            ReadOnlySpan<byte> value = rest[..size];
            rest = rest[size..];
            switch (flag)
            {
                case HeadersFlag:
                    if (!TryNoteHeaders(value[4..], ref found)) return false;
                    break;
                case DeliveryModeFlag: found = found with { DeliveryMode = value[0] }; break;
                case PriorityFlag: found = found with { Priority = value[0] }; break;
                case ReplyToFlag: found = found with { ReplyTo = value[1..] }; break;
                case ExpirationFlag: found = found with { HasExpiration = true, Expiration = value[1..] }; break;
                case MessageIdFlag: found = found with { MessageId = value[1..] }; break;
                case UserIdFlag: found = found with { HasUserId = true, UserId = value[1..] }; break;
                default: break;
            }
        }

        properties = found;
        return rest.IsEmpty;
    }

    /// <summary>The same properties with other headers (null: none) and, when asked for, without the expiration.</summary>
    public byte[] With(FieldTable? headers, bool keepExpiration = true)
    {
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(Octets);
        ushort newFlags = headers is null ? (ushort)(flags & ~HeadersFlag) : (ushort)(flags | HeadersFlag);
        if (!keepExpiration) newFlags = (ushort)(newFlags & ~ExpirationFlag);

        using MemoryStream output = new(Octets.Length + 256);
        output.Write([(byte)(newFlags >> 8), (byte)newFlags]);
        ReadOnlySpan<byte> rest = Octets[2..];
        for (ushort flag = 1 << 15; flag >= LowestFlag; flag >>= 1)
        {
            int size = (flags & flag) == 0 ? 0 : SizeOf(flag, rest);
            if (flag == HeadersFlag && headers is not null) output.Write(FieldTableWriter.Encode(headers));
            else if ((newFlags & flag) != 0) output.Write(rest[..size]);
            rest = rest[size..];
        }

        return output.ToArray();
    }

    /// <summary>The same properties with another reply_to.</summary>
    public byte[] WithReplyTo(ReadOnlySpan<byte> address)
    {
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(Octets);
        using MemoryStream output = new(Octets.Length + address.Length + 1);
        output.Write([(byte)((flags | ReplyToFlag) >> 8), (byte)(flags | ReplyToFlag)]);
        ReadOnlySpan<byte> rest = Octets[2..];
        for (ushort flag = 1 << 15; flag >= LowestFlag; flag >>= 1)
        {
            int size = (flags & flag) == 0 ? 0 : SizeOf(flag, rest);
            if (flag != ReplyToFlag) output.Write(rest[..size]);
            else output.Write([(byte)address.Length, .. address]);
            rest = rest[size..];
        }

        return output.ToArray();
    }

    /// <summary>The same properties with one more header, a long in the place of one of that name, and always with a delivery mode: 1 if not 2.</summary>
    public void WriteStreamed(IBufferWriter<byte> output, ReadOnlySpan<byte> header, long value)
    {
        ReadOnlySpan<byte> headers = Headers;
        if (!FieldTableReader.RawValue(headers, header).IsEmpty)
        {
            FieldTable without = ReadHeaders();
            without.Remove(Encoding.UTF8.GetString(header));
            headers = FieldTableWriter.Encode(without).AsSpan(sizeof(uint));
        }

        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(Octets);
        ushort newFlags = (ushort)(flags | HeadersFlag | DeliveryModeFlag);
        output.Write([(byte)(newFlags >> 8), (byte)newFlags]);
        ReadOnlySpan<byte> rest = Octets[2..];
        for (ushort flag = 1 << 15; flag >= LowestFlag; flag >>= 1)
        {
            int size = (flags & flag) == 0 ? 0 : SizeOf(flag, rest);
            if (flag == HeadersFlag) FieldTableWriter.WriteWithLong(output, headers, header, value);
            else if (flag == DeliveryModeFlag) output.Write([IsPersistent ? (byte)2 : (byte)1]);
            else output.Write(rest[..size]);
            rest = rest[size..];
        }
    }

    /// <summary>The headers as a table of its own; empty when there are none.</summary>
    public FieldTable ReadHeaders() => FieldTableReader.TryRead(Headers, out FieldTable? table) ? table : [];

    /// <summary>The octets of correlation_id, message_id or timestamp; empty when it is not there.</summary>
    public ReadOnlySpan<byte> Raw(string name)
    {
        ushort wanted = name switch
        {
            "correlation_id" => CorrelationIdFlag,
            "message_id" => MessageIdFlag,
            "timestamp" => TimestampFlag,
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "not a property that is looked at"),
        };
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(Octets);
        ReadOnlySpan<byte> rest = Octets[2..];
        for (ushort flag = 1 << 15; flag > wanted; flag >>= 1)
            if ((flags & flag) != 0) rest = rest[SizeOf(flag, rest)..];
        return (flags & wanted) == 0 ? default : rest[..SizeOf(wanted, rest)];
    }

    private static bool TryNoteHeaders(ReadOnlySpan<byte> inside, ref BasicProperties found)
    {
        bool copies = false, trace = false;
        ReadOnlySpan<byte> rest = inside;
        while (!rest.IsEmpty)
        {
            if (!FieldTableReader.TrySkipField(ref rest, out ReadOnlySpan<byte> name, out _)) return false;
            copies |= name.SequenceEqual("CC"u8) || name.SequenceEqual("BCC"u8);
            trace |= name.SequenceEqual("traceparent"u8);
        }

        found = found with { Headers = inside, HasCopies = copies, HasTraceParent = trace };
        return true;
    }

    private static int SizeOf(ushort flag, ReadOnlySpan<byte> rest) => flag switch
    {
        HeadersFlag => rest.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(rest) > int.MaxValue - 4 ? -1
            : (int)BinaryPrimitives.ReadUInt32BigEndian(rest) + 4,
        DeliveryModeFlag or PriorityFlag => 1,
        TimestampFlag => 8,
        _ => rest.IsEmpty ? -1 : rest[0] + 1,
    };
}
