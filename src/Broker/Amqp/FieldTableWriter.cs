using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Quintet.Broker.Amqp;

/// <summary>Writes field tables: u32 length, then <c>{ u8 name length | name | u8 kind | value }*</c>, each value in the kind it was read with.</summary>
internal static class FieldTableWriter
{
    /// <summary>The table with its length in front.</summary>
    public static byte[] Encode(FieldTable table)
    {
        ArrayBufferWriter<byte> output = new(256);
        Write(output, table);
        return output.WrittenSpan.ToArray();
    }

    public static void Write(IBufferWriter<byte> output, FieldTable table)
    {
        ArrayBufferWriter<byte> inside = new(128);
        foreach ((string name, FieldValue value) in table)
        {
            WriteName(inside, name);
            WriteValue(inside, value);
        }

        WriteSized(output, inside.WrittenSpan);
    }

    /// <summary>A table of what another has inside, and one field more.</summary>
    public static void WriteWithLong(IBufferWriter<byte> output, ReadOnlySpan<byte> inside, ReadOnlySpan<byte> name, long value)
    {
        Span<byte> head = output.GetSpan(sizeof(uint));
        BinaryPrimitives.WriteInt32BigEndian(head, inside.Length + 1 + name.Length + 1 + sizeof(long));
        output.Advance(sizeof(uint));
        output.Write(inside);
        output.Write([(byte)name.Length]);
        output.Write(name);
        Span<byte> tail = output.GetSpan(1 + sizeof(long));
        tail[0] = (byte)FieldKind.SignedLong;
        BinaryPrimitives.WriteInt64BigEndian(tail[1..], value);
        output.Advance(1 + sizeof(long));
    }

    private static void WriteName(ArrayBufferWriter<byte> output, string name)
    {
        byte[] octets = Encoding.UTF8.GetBytes(name);
        if (octets.Length > byte.MaxValue) throw new ArgumentException($"the field name '{name[..32]}…' is longer than 255 octets", nameof(name));
        output.Write([(byte)octets.Length]);
        output.Write(octets);
    }

    private static void WriteValue(ArrayBufferWriter<byte> output, FieldValue value)
    {
        output.Write([(byte)value.Kind]);
        switch (value.Kind)
        {
            case FieldKind.Void: break;
            case FieldKind.Bool or FieldKind.SignedByte or FieldKind.UnsignedByte: output.Write([(byte)value.Number]); break;
            case FieldKind.SignedShort or FieldKind.UnsignedShort: WriteNumber(output, value.Number, 2); break;
            case FieldKind.SignedInt or FieldKind.UnsignedInt or FieldKind.Float: WriteNumber(output, value.Number, 4); break;
            case FieldKind.SignedLong or FieldKind.SignedLongOfTheSpecification or FieldKind.Double or FieldKind.Timestamp:
                WriteNumber(output, value.Number, 8);
                break;
            case FieldKind.Decimal: output.Write(value.Octets); break;
            case FieldKind.LongString or FieldKind.Binary: WriteSized(output, value.Octets); break;
            case FieldKind.Table: Write(output, (FieldTable)value.Object!); break;
            case FieldKind.Array: WriteArray(output, (List<FieldValue>)value.Object!); break;
            default: throw new InvalidOperationException($"no such field kind: {value.Kind}");
        }
    }

    private static void WriteArray(ArrayBufferWriter<byte> output, List<FieldValue> items)
    {
        ArrayBufferWriter<byte> inside = new(64);
        foreach (FieldValue item in items) WriteValue(inside, item);
        WriteSized(output, inside.WrittenSpan);
    }

    private static void WriteNumber(ArrayBufferWriter<byte> output, long number, int size)
    {
        Span<byte> octets = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(octets, number);
        output.Write(octets[(8 - size)..]);
    }

    private static void WriteSized(IBufferWriter<byte> output, ReadOnlySpan<byte> octets)
    {
        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(4), octets.Length);
        output.Advance(4);
        output.Write(octets);
    }
}
