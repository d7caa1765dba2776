using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.Broker.Access;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Migration;

/// <summary>Members of what an operator sent; a fault is refused with the member's name, in RabbitMQ's words where it has some.</summary>
internal static class JsonMembers
{
    public static string? Text(this JsonObject item, string name) => item[name] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        _ => throw new ChangeRefusedException($"{name} is not a text"),
    };

    public static string Required(this JsonObject item, string name) => item.Text(name) ?? throw new ChangeRefusedException($"[{{key_missing,{name}}}]");

    public static string Pattern(this JsonObject item, string name)
    {
        string pattern = item.Required(name);
        return Patterns.FaultOf(pattern) is { } fault ? throw new ChangeRefusedException($"invalid_regexp: {name} '{pattern}': {fault}") : pattern;
    }

    public static bool Flag(this JsonObject item, string name) => item[name] switch
    {
        null => false,
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValue<bool>(),
        JsonValue value when value.GetValueKind() == JsonValueKind.String && bool.TryParse(value.GetValue<string>(), out bool flag) => flag,
        _ => throw new ChangeRefusedException($"{name} is not true or false"),
    };

    /// <summary>A limit; null when it is not there or below 0, RabbitMQ's "no limit".</summary>
    public static long? Limit(this JsonObject item, string name)
    {
        if (item[name] is not { } value) return null;
        if (value.GetValueKind() == JsonValueKind.Number && value.GetValue<JsonElement>().TryGetInt64(out long limit)) return limit < 0 ? null : limit;
        throw new ChangeRefusedException($"{name} should be a number, actually was {value.ToJsonString()}");
    }

    public static bool IsTrue(JsonNode? value) => value?.GetValueKind() == JsonValueKind.True
        || (value?.GetValueKind() == JsonValueKind.String && value.GetValue<string>() == "true");

    /// <summary>A list of words, or words separated by commas.</summary>
    public static IReadOnlyList<string> Words(JsonNode value) => value switch
    {
        JsonArray list when list.All(word => word?.GetValueKind() == JsonValueKind.String) => [.. list.Select(word => word!.GetValue<string>())],
        JsonValue text when text.GetValueKind() == JsonValueKind.String =>
            text.GetValue<string>().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        _ => throw new ChangeRefusedException("tags are a list of texts, or one text with commas"),
    };

    /// <summary>Names and keys travel as short strings: at most 255 octets.</summary>
    public static string ShortText(string member, string text) =>
        Encoding.UTF8.GetByteCount(text) <= byte.MaxValue ? text : throw new ChangeRefusedException($"{member} is longer than 255 octets");
}
