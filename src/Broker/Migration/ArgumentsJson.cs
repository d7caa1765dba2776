using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Migration;

/// <summary>Field tables as RabbitMQ's HTTP API shows them, and back: texts become long strings, whole numbers 64-bit ones, as there.</summary>
internal static class ArgumentsJson
{
    public static JsonObject Show(FieldTable table)
    {
        JsonObject shown = [];
        foreach ((string name, FieldValue value) in table) shown[name] = Show(value);
        return shown;
    }

    /// <summary>Null and an empty list are an empty table: RabbitMQ's own exports had both.</summary>
    /// <exception cref="FormatException">It is no object, or something in it has no counterpart.</exception>
    public static FieldTable Read(JsonNode? node)
    {
        if (node is null or JsonArray { Count: 0 }) return FieldTable.Empty;
        if (node is not JsonObject members) throw new FormatException("arguments are an object");
        FieldTable table = [];
        foreach ((string name, JsonNode? value) in members)
        {
            if (Encoding.UTF8.GetByteCount(name) > byte.MaxValue) throw new FormatException("the name of an argument is longer than 255 octets");
            table.Add(name, ReadValue(value));
        }

        return table;
    }

    private static JsonNode? Show(FieldValue value) => value.Kind switch
    {
        FieldKind.Bool => value.Number != 0,
        FieldKind.LongString => value.Text,
        FieldKind.Binary or FieldKind.Decimal => Convert.ToBase64String(value.Octets),
        FieldKind.Float => BitConverter.Int32BitsToSingle((int)value.Number),
        FieldKind.Double => BitConverter.Int64BitsToDouble(value.Number),
        FieldKind.Table => Show((FieldTable)value.Object!),
        FieldKind.Array => new JsonArray([.. ((List<FieldValue>)value.Object!).Select(Show)]),
        FieldKind.Void => null,
        _ => value.Number,
    };

    private static FieldValue ReadValue(JsonNode? value) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null => new FieldValue(FieldKind.Void, 0),
        JsonValueKind.True => FieldValue.Of(true),
        JsonValueKind.False => FieldValue.Of(false),
        JsonValueKind.String => FieldValue.Of(value.GetValue<string>()),
        JsonValueKind.Number => Number(value),
        JsonValueKind.Array => FieldValue.Of([.. ((JsonArray)value).Select(ReadValue)]),
        _ => FieldValue.Of(Read(value)),
    };

    private static FieldValue Number(JsonNode value)
    {
        JsonElement number = value.GetValue<JsonElement>();
        if (number.TryGetInt64(out long whole)) return FieldValue.Of(whole);
        return new FieldValue(FieldKind.Double, BitConverter.DoubleToInt64Bits(number.GetDouble()));
    }
}
