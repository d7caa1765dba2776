using System.Buffers.Binary;
using System.Globalization;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Topology.Delays;

/// <summary>
/// The header x-delay: milliseconds, as a number of any kind or as digits. Negative once the message has waited; then the number tells its
/// consumers how long, and no exchange makes it wait again.
/// </summary>
internal static class DelayHeader
{
    /// <summary>The plugin's bound, 2^32 - 1: 49 days. What asks for more is routed at once, as there.</summary>
    public const long MsMax = uint.MaxValue;

    private const string Name = "x-delay";

    /// <summary>True when the message is to wait.</summary>
    public static bool TryRead(ReadOnlySpan<byte> headers, out long delayMs)
    {
        delayMs = 0;
        if (headers.IsEmpty) return false;
        ReadOnlySpan<byte> raw = FieldTableReader.RawValue(headers, "x-delay"u8);
        return !raw.IsEmpty && FieldTableReader.TryReadValue(raw, out FieldValue value) && NumberOf(value) is { } number
            && (delayMs = number) is > 0 and <= MsMax;
    }

    /// <summary>Refuses digits that are none, which the plugin fails over.</summary>
    public static void Check(ReadOnlySpan<byte> headers)
    {
        ReadOnlySpan<byte> raw = FieldTableReader.RawValue(headers, "x-delay"u8);
        if (!raw.IsEmpty && FieldTableReader.TryReadValue(raw, out FieldValue value) && value.Text is { } text && NumberOf(value) is null)
            throw new AmqpException(ReplyCode.PreconditionFailed, $"invalid header 'x-delay': '{text}' is no integer");
    }

    /// <summary>The message has waited: says so by the sign.</summary>
    public static void Negate(FieldTable headers)
    {
        if (!headers.TryGet(Name, out FieldValue value) || NumberOf(value) is not { } delay) return;
        headers.Set(Name, -delay is >= int.MinValue and <= int.MaxValue ? new FieldValue(FieldKind.SignedInt, -delay) : FieldValue.Of(-delay));
    }

    private static long? NumberOf(FieldValue value) => value.Kind switch
    {
        _ when value.IsInteger => value.Number,
        FieldKind.LongString => long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed) ? parsed : null,
        FieldKind.Float => Truncated(BitConverter.Int32BitsToSingle((int)value.Number)),
        FieldKind.Double => Truncated(BitConverter.Int64BitsToDouble(value.Number)),
        FieldKind.Decimal => Truncated(BinaryPrimitives.ReadInt32BigEndian(value.Octets[1..]) / Math.Pow(10, value.Octets[0])),
        _ => null,
    };

    private static long? Truncated(double value) => value is > -1e18 and < 1e18 ? (long)value : null;
}
