using System.Globalization;
using System.Text;

namespace Quintet.Broker.Amqp;

/// <summary>The octet before each value of a field table: the kinds of RabbitMQ's errata, which all clients follow.</summary>
internal enum FieldKind : byte
{
    Bool = (byte)'t',
    SignedByte = (byte)'b',
    UnsignedByte = (byte)'B',
    SignedShort = (byte)'s',
    UnsignedShort = (byte)'u',
    SignedInt = (byte)'I',
    UnsignedInt = (byte)'i',
    SignedLong = (byte)'l',
    SignedLongOfTheSpecification = (byte)'L',
    Float = (byte)'f',
    Double = (byte)'d',
    Decimal = (byte)'D',
    LongString = (byte)'S',
    Array = (byte)'A',
    Timestamp = (byte)'T',
    Table = (byte)'F',
    Void = (byte)'V',
    Binary = (byte)'x',
}

/// <summary>One value of a field table. Numbers are kept in <see cref="Number"/> (floating ones as their bits), all else in <see cref="Object"/>.</summary>
internal readonly record struct FieldValue(FieldKind Kind, long Number, object? Object = null)
{
    public static FieldValue Of(bool value) => new(FieldKind.Bool, value ? 1 : 0);

    public static FieldValue Of(long value) => new(FieldKind.SignedLong, value);

    public static FieldValue Of(string value) => new(FieldKind.LongString, 0, Encoding.UTF8.GetBytes(value));

    public static FieldValue Of(FieldTable value) => new(FieldKind.Table, 0, value);

    public static FieldValue Of(List<FieldValue> value) => new(FieldKind.Array, 0, value);

    public static FieldValue Timestamp(long seconds) => new(FieldKind.Timestamp, seconds);

    public bool IsInteger => Kind is FieldKind.SignedByte or FieldKind.UnsignedByte or FieldKind.SignedShort or FieldKind.UnsignedShort
        or FieldKind.SignedInt or FieldKind.UnsignedInt or FieldKind.SignedLong or FieldKind.SignedLongOfTheSpecification;

    /// <summary>The text of a long string; null for any other kind.</summary>
    public string? Text => Kind == FieldKind.LongString ? Encoding.UTF8.GetString((byte[])Object!) : null;

    public ReadOnlySpan<byte> Octets => (byte[])Object!;

    /// <summary>The kind's name in RabbitMQ's texts.</summary>
    public string KindName => Kind switch
    {
        FieldKind.Bool => "bool",
        FieldKind.SignedByte => "byte",
        FieldKind.UnsignedByte => "unsignedbyte",
        FieldKind.SignedShort => "short",
        FieldKind.UnsignedShort => "unsignedshort",
        FieldKind.SignedInt => "signedint",
        FieldKind.UnsignedInt => "unsignedint",
        FieldKind.SignedLong or FieldKind.SignedLongOfTheSpecification => "long",
        FieldKind.Float => "float",
        FieldKind.Double => "double",
        FieldKind.Decimal => "decimal",
        FieldKind.LongString => "longstr",
        FieldKind.Array => "array",
        FieldKind.Timestamp => "timestamp",
        FieldKind.Table => "table",
        FieldKind.Binary => "binary",
        _ => "void",
    };

    /// <summary>The value as RabbitMQ's texts show it.</summary>
    public string Shown => Kind switch
    {
        FieldKind.Bool => Number != 0 ? "true" : "false",
        FieldKind.LongString => Text!,
        FieldKind.Float => ShowReal(BitConverter.Int32BitsToSingle((int)Number)),
        FieldKind.Double => ShowReal(BitConverter.Int64BitsToDouble(Number)),
        FieldKind.Void => "undefined",
        FieldKind.Binary => ErlangTerm.Binary(Octets),
        FieldKind.Array or FieldKind.Table => KindName,
        _ => Number.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Equal as RabbitMQ compares arguments: integers of any width by value, all else by kind and value.</summary>
    public bool IsEquivalentTo(FieldValue other) =>
        IsInteger && other.IsInteger ? Number == other.Number
        : Kind == other.Kind && Number == other.Number && (Object, other.Object) switch
        {
            (byte[] mine, byte[] theirs) => mine.AsSpan().SequenceEqual(theirs),
            (null, null) => true,
            _ => FieldTableWriter.Encode(new FieldTable { { "v", this } }).AsSpan().SequenceEqual(FieldTableWriter.Encode(new FieldTable { { "v", other } })),
        };

    // Erlang's shortest form: 6.0e4, 1.5.
    private static string ShowReal(double value)
    {
        if (value != 0 && (Math.Abs(value) >= 1e4 || Math.Abs(value) < 1e-3))
        {
            string[] parts = value.ToString("0.0###############e+0", CultureInfo.InvariantCulture).Split('e');
            return $"{parts[0]}e{int.Parse(parts[1], CultureInfo.InvariantCulture)}";
        }

        return value.ToString("0.0###############", CultureInfo.InvariantCulture);
    }
}

/// <summary>A field table in the order it came. Names may repeat on the wire; as in RabbitMQ the first one counts.</summary>
internal sealed class FieldTable : List<KeyValuePair<string, FieldValue>>
{
    public static readonly FieldTable Empty = [];

    public FieldTable()
    {
    }

    public FieldTable(IEnumerable<KeyValuePair<string, FieldValue>> fields)
        : base(fields)
    {
    }

    public void Add(string name, FieldValue value) => Add(new(name, value));

    public bool TryGet(string name, out FieldValue value)
    {
        foreach (KeyValuePair<string, FieldValue> field in this)
        {
            if (field.Key != name) continue;
            value = field.Value;
            return true;
        }

        value = default;
        return false;
    }

    public string? Text(string name) => TryGet(name, out FieldValue value) ? value.Text : null;

    public long? Integer(string name) => TryGet(name, out FieldValue value) && value.IsInteger ? value.Number : null;

    public bool Flag(string name) => TryGet(name, out FieldValue value) && value is { Kind: FieldKind.Bool, Number: not 0 };

    /// <summary>Puts the value in the place of the one with that name, or at the end.</summary>
    public void Set(string name, FieldValue value)
    {
        int index = FindIndex(field => field.Key == name);
        if (index < 0) Add(name, value);
        else this[index] = new(name, value);
    }

    public void Remove(string name) => RemoveAll(field => field.Key == name);
}
