using System.Text.Json;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Management.Messages;

/// <summary>Arguments and headers from JSON, in the kinds RabbitMQ gives them: whole numbers become longs, others doubles; null is refused.</summary>
internal static class JsonFields
{
    /// <summary>The member <c>arguments</c> of a request; empty when there is none, or an empty list, as some clients write it.</summary>
    public static FieldTable Arguments(JsonElement body) =>
        !body.TryGetProperty("arguments", out JsonElement arguments) || (arguments.ValueKind == JsonValueKind.Array && arguments.GetArrayLength() == 0)
            ? []
            : Table(arguments);

    public static FieldTable Table(JsonElement value) => value.ValueKind == JsonValueKind.Object
        ? new FieldTable(value.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, Of(member.Value))))
        : throw Refusal.BadRequest("arguments are no object");

    private static FieldValue Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => FieldValue.Of(value.GetString()!),
        JsonValueKind.True or JsonValueKind.False => FieldValue.Of(value.ValueKind == JsonValueKind.True),
        JsonValueKind.Number => value.TryGetInt64(out long whole)
            ? FieldValue.Of(whole)
            : new FieldValue(FieldKind.Double, BitConverter.DoubleToInt64Bits(value.GetDouble())),
        JsonValueKind.Array => FieldValue.Of([.. value.EnumerateArray().Select(Of)]),
        JsonValueKind.Object => FieldValue.Of(Table(value)),
        _ => throw Refusal.BadRequest("null_not_allowed"),
    };
}
