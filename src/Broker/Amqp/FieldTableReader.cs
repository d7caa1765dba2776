using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Quintet.Broker.Amqp;

/// <summary>
/// Reads the inside of a field table (AMQP 0-9-1 §4.2.5.5, kinds as in RabbitMQ's errata):
/// <code>
/// { u8 name length | name | u8 kind | value }*      strings, arrays, tables: u32 length, octets
/// </code>
/// Nothing is thrown and nothing outside the octets is read, whatever they say; nesting deeper than <see cref="DepthMax"/> is malformed.
/// </summary>
internal static class FieldTableReader
{
    /// <summary>Deeper tables are refused: no client builds them, and each level costs stack. RabbitMQ bounds them by frame_max only.</summary>
    public const int DepthMax = 64;

    public static bool TryRead(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out FieldTable? table)
    {
        table = [];
        return Walk(octets, table, 0);
    }

    /// <summary>True when the octets are a whole table; builds nothing.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> octets) => Walk(octets, null, 0);

    /// <summary>Takes the next field off the front without building its value; false at the end or where the table is malformed.</summary>
    public static bool TrySkipField(ref ReadOnlySpan<byte> octets, out ReadOnlySpan<byte> name, out FieldKind kind)
    {
        name = default;
        kind = FieldKind.Void;
        if (octets.Length < 2 || octets.Length < octets[0] + 2) return false;
        name = octets.Slice(1, octets[0]);
        kind = (FieldKind)octets[name.Length + 1];
        octets = octets[(name.Length + 1)..];
        return TryReadValue(ref octets, build: false, out _, 1);
    }

    /// <summary>Reads one value, its kind in front.</summary>
    public static bool TryReadValue(ReadOnlySpan<byte> octets, out FieldValue value) => TryReadValue(ref octets, build: true, out value, 1);

    /// <summary>The octets of the first field of that name, its kind in front; empty when there is none.</summary>
    public static ReadOnlySpan<byte> RawValue(ReadOnlySpan<byte> octets, ReadOnlySpan<byte> wanted)
    {
        for (ReadOnlySpan<byte> rest = octets; !rest.IsEmpty;)
        {
            ReadOnlySpan<byte> field = rest;
            if (!TrySkipField(ref rest, out ReadOnlySpan<byte> name, out _)) break;
            if (name.SequenceEqual(wanted)) return field[(name.Length + 1)..^rest.Length];
        }

        return default;
    }

    private static bool Walk(ReadOnlySpan<byte> octets, FieldTable? table, int depth)
    {
        while (!octets.IsEmpty)
        {
            int nameLength = octets[0];
            if (octets.Length < nameLength + 2) return false;
            ReadOnlySpan<byte> name = octets.Slice(1, nameLength);
            octets = octets[(nameLength + 1)..];
            if (!TryReadValue(ref octets, table is not null, out FieldValue value, depth + 1)) return false;
            table?.Add(Encoding.UTF8.GetString(name), value);
        }

        return true;
    }

    private static bool TryReadValue(ref ReadOnlySpan<byte> octets, bool build, out FieldValue value, int depth)
    {
        value = default;
        if (octets.IsEmpty || depth > DepthMax) return false;
        FieldKind kind = (FieldKind)octets[0];
        octets = octets[1..];
        return kind switch
        {
            FieldKind.Bool or FieldKind.SignedByte or FieldKind.UnsignedByte => TryReadNumber(ref octets, kind, 1, out value),
            FieldKind.SignedShort or FieldKind.UnsignedShort => TryReadNumber(ref octets, kind, 2, out value),
            FieldKind.SignedInt or FieldKind.UnsignedInt or FieldKind.Float => TryReadNumber(ref octets, kind, 4, out value),
            FieldKind.SignedLong or FieldKind.SignedLongOfTheSpecification or FieldKind.Double or FieldKind.Timestamp =>
                TryReadNumber(ref octets, kind, 8, out value),
            FieldKind.Decimal => TryReadOctets(ref octets, kind, 5, build, out value),
            FieldKind.Void => IsVoid(out value),
            FieldKind.LongString or FieldKind.Binary or FieldKind.Array or FieldKind.Table => TryReadSized(ref octets, kind, build, out value, depth),
            _ => false,
        };
    }

    private static bool IsVoid(out FieldValue value)
    {
        value = new FieldValue(FieldKind.Void, 0);
        return true;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<byte> octets, FieldKind kind, int size, out FieldValue value)
    {
        value = default;
        if (octets.Length < size) return false;
        long number = kind switch
        {
            FieldKind.SignedByte => (sbyte)octets[0],
            FieldKind.Bool or FieldKind.UnsignedByte => octets[0],
            FieldKind.SignedShort => BinaryPrimitives.ReadInt16BigEndian(octets),
            FieldKind.UnsignedShort => BinaryPrimitives.ReadUInt16BigEndian(octets),
            FieldKind.SignedInt or FieldKind.Float => BinaryPrimitives.ReadInt32BigEndian(octets),
            FieldKind.UnsignedInt => BinaryPrimitives.ReadUInt32BigEndian(octets),
            _ => BinaryPrimitives.ReadInt64BigEndian(octets),
        };
        value = new FieldValue(kind, number);
        octets = octets[size..];
        return true;
    }

    private static bool TryReadSized(ref ReadOnlySpan<byte> octets, FieldKind kind, bool build, out FieldValue value, int depth)
    {
        value = default;
        if (octets.Length < 4) return false;
        uint size = BinaryPrimitives.ReadUInt32BigEndian(octets);
        octets = octets[4..];
        if (size > (uint)octets.Length) return false;
        if (kind is FieldKind.LongString or FieldKind.Binary) return TryReadOctets(ref octets, kind, (int)size, build, out value);

        ReadOnlySpan<byte> inside = octets[..(int)size];
        octets = octets[(int)size..];
        return kind == FieldKind.Table ? TryReadTable(inside, build, out value, depth) : TryReadArray(inside, build, out value, depth);
    }

    private static bool TryReadOctets(ref ReadOnlySpan<byte> octets, FieldKind kind, int size, bool build, out FieldValue value)
    {
        value = default;
        if (octets.Length < size) return false;
        value = new FieldValue(kind, 0, build ? octets[..size].ToArray() : null);
        octets = octets[size..];
        return true;
    }

    private static bool TryReadTable(ReadOnlySpan<byte> inside, bool build, out FieldValue value, int depth)
    {
        FieldTable? table = build ? [] : null;
        value = new FieldValue(FieldKind.Table, 0, table);
        return Walk(inside, table, depth);
    }

    private static bool TryReadArray(ReadOnlySpan<byte> inside, bool build, out FieldValue value, int depth)
    {
        List<FieldValue>? items = build ? [] : null;
        value = new FieldValue(FieldKind.Array, 0, items);
        while (!inside.IsEmpty)
        {
            if (!TryReadValue(ref inside, build, out FieldValue item, depth + 1)) return false;
            items?.Add(item);
        }

        return true;
    }
}
