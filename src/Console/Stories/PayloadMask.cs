using System.Text.Json;
using System.Text.Json.Nodes;

namespace Quintet.Console.Stories;

/// <summary>
/// What of an event anybody may see who looks at a story: its envelope, the names of its data's members, numbers, truth values, ids and times.
/// Any other text of its data may be somebody's name, address or words, and only its first character and its length are left.
/// </summary>
internal static class PayloadMask
{
    private const string Data = "data";

    /// <summary>A masked copy. Of what is no CloudEvent in structured mode all is data.</summary>
    public static JsonNode? Of(JsonNode? payload)
    {
        if (payload is not JsonObject envelope || envelope[Data] is not { } data || !envelope.ContainsKey("specversion")) return Masked(payload);
        JsonObject masked = envelope.DeepClone().AsObject();
        masked[Data] = Masked(data);
        return masked;
    }

    private static JsonNode? Masked(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, Masked(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Masked)]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => Masked(value.GetValue<string>()),
        _ => node?.DeepClone(),
    };

    private static string Masked(string text) =>
        text.Length == 0 || Guid.TryParseExact(text, "D", out _) || IsTime(text) ? text : $"{text.EnumerateRunes().First()}•• ({text.Length})";

    // With a date, a time and a zone (RFC 3339): a date alone may be somebody's birthday.
    private static bool IsTime(string text) =>
        text.Length >= "2026-01-01T00:00:00Z".Length && text[10] == 'T' && JsonSerializer.SerializeToElement(text).TryGetDateTimeOffset(out _);
}
