using CsCheck;
using Quintet.Broker.Amqp;
using Xunit;

namespace Quintet.Broker.Tests.Amqp;

public class FieldTablesAreReadSafely
{
    private static readonly Gen<FieldValue> Leaves = Gen.OneOf(
        Gen.Bool.Select(FieldValue.Of),
        Gen.Long.Select(FieldValue.Of),
        Gen.String.Select(FieldValue.Of),
        Gen.SByte.Select(value => new FieldValue(FieldKind.SignedByte, value)),
        Gen.Byte.Select(value => new FieldValue(FieldKind.UnsignedByte, value)),
        Gen.Short.Select(value => new FieldValue(FieldKind.SignedShort, value)),
        Gen.UShort.Select(value => new FieldValue(FieldKind.UnsignedShort, value)),
        Gen.Int.Select(value => new FieldValue(FieldKind.SignedInt, value)),
        Gen.UInt.Select(value => new FieldValue(FieldKind.UnsignedInt, value)),
        Gen.Double.Select(value => new FieldValue(FieldKind.Double, BitConverter.DoubleToInt64Bits(value))),
        Gen.Float.Select(value => new FieldValue(FieldKind.Float, BitConverter.SingleToInt32Bits(value))),
        Gen.Long.Select(FieldValue.Timestamp),
        Gen.Byte.Array[5].Select(octets => new FieldValue(FieldKind.Decimal, 0, octets)),
        Gen.Byte.Array[0, 20].Select(octets => new FieldValue(FieldKind.Binary, 0, octets)),
        Gen.Const(new FieldValue(FieldKind.Void, 0)));

    private static readonly Gen<FieldTable> Tables = Gen.Select(Gen.String[Gen.Char['a', 'ÿ'], 0, 20], Leaves)
        .List[0, 8]
        .Select(fields => new FieldTable(fields.Select(field => KeyValuePair.Create(field.Item1, field.Item2))
            .Append(KeyValuePair.Create("nested", FieldValue.Of(new FieldTable(fields.Select(field => KeyValuePair.Create(field.Item1, field.Item2))))))
            .Append(KeyValuePair.Create("array", FieldValue.Of(fields.Select(field => field.Item2).ToList())))));

    [Fact]
    public void What_is_written_is_read_back_octet_for_octet() =>
        Tables.Sample(table =>
        {
            byte[] octets = FieldTableWriter.Encode(table);

            Assert.True(FieldTableReader.TryRead(octets.AsSpan(4), out FieldTable? read));
            Assert.Equal(octets, FieldTableWriter.Encode(read));
            Assert.True(FieldTableReader.IsWellFormed(octets.AsSpan(4)));
        }, iter: 2000);

    [Fact]
    public void A_table_cut_at_any_octet_is_refused_or_shorter() =>
        Tables.Sample(table =>
        {
            byte[] octets = FieldTableWriter.Encode(table)[4..];
            for (int length = 0; length < octets.Length; length++)
                if (FieldTableReader.TryRead(octets.AsSpan(0, length), out FieldTable? read)) Assert.True(read.Count < table.Count);
        }, iter: 200);

    [Fact]
    public void Any_octets_are_a_table_or_not_and_nothing_breaks() =>
        Gen.Byte.Array[0, 200].Sample(octets =>
        {
            bool isRead = FieldTableReader.TryRead(octets, out _);
            Assert.Equal(isRead, FieldTableReader.IsWellFormed(octets));
            _ = BasicProperties.TryParse(octets, out _);
        }, iter: 50_000);

    [Fact]
    public void Nesting_beyond_the_limit_is_malformed()
    {
        FieldTable table = [];
        for (int depth = 0; depth < FieldTableReader.DepthMax * 4; depth++) table = new FieldTable { { "n", FieldValue.Of(table) } };

        Assert.False(FieldTableReader.TryRead(FieldTableWriter.Encode(table).AsSpan(4), out _));
    }

    [Fact]
    public void Properties_can_be_given_other_headers_and_keep_the_rest()
    {
        // content-type, headers, delivery-mode, expiration, message-id
        byte[] octets =
        [
            0b1011_0001, 0b1000_0000, 1, (byte)'t', 0, 0, 0, 0, 2, 2, (byte)'1', (byte)'0', 2, (byte)'i', (byte)'d',
        ];
        Assert.True(BasicProperties.TryParse(octets, out BasicProperties properties));

        byte[] changed = properties.With(new FieldTable { { "a", FieldValue.Of(1) } }, keepExpiration: false);

        Assert.True(BasicProperties.TryParse(changed, out BasicProperties read));
        Assert.Equal(1, read.ReadHeaders().Integer("a"));
        Assert.False(read.HasExpiration);
        Assert.True(read.IsPersistent);
        Assert.Equal("id"u8.ToArray(), changed[^2..]);
    }
}
