using System.Globalization;
using System.Text;
using System.Text.Json;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Policies;

/// <summary>Shows a JSON value in a reason as RabbitMQ shows it there, which is as an Erlang term.</summary>
internal static class ErlangJson
{
    public static string Show(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => ErlangTerm.Binary(Encoding.UTF8.GetBytes(value.GetString()!)),
        JsonValueKind.Number => ShowNumber(value),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Null => "null",
        JsonValueKind.Array => $"[{string.Join(',', value.EnumerateArray().Select(Show))}]",
        JsonValueKind.Object => $"#{{{string.Join(',', value.EnumerateObject().Select(member => $"{ShowName(member)} => {Show(member.Value)}"))}}}",
        _ => "undefined",
    };

    /// <summary><c>{name,value}</c>.</summary>
    public static string Pair(JsonProperty member) => $"{{{ShowName(member)},{Show(member.Value)}}}";

    private static string ShowName(JsonProperty member) => ErlangTerm.Binary(Encoding.UTF8.GetBytes(member.Name));

    private static string ShowNumber(JsonElement value)
    {
        string text = value.GetRawText();
        return text.IndexOfAny(['.', 'e', 'E']) < 0 ? text
            : new FieldValue(FieldKind.Double, BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture))).Shown;
    }
}
