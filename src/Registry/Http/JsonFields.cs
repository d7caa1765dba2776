using System.Collections.Immutable;
using System.Text.Json;

namespace Quintet.Registry.Http;

/// <summary>
/// The members of an object in a request, read as Consul reads them: names in any case and in snake_case, the last of two alike counts,
/// unknown members are ignored (clients newer than the API level send more), faults have Go's texts.
/// </summary>
internal readonly struct JsonFields(JsonElement element)
{
    /// <summary>Reads the first JSON value of a body; what follows it is ignored. <c>null</c> is an object without members.</summary>
    public static JsonFields Parse(ReadOnlyMemory<byte> body) => new(ParseValue(body, "Request decode failed: "));

    /// <summary>The first JSON value of a body.</summary>
    public static JsonElement ParseValue(ReadOnlyMemory<byte> body, string faultPrefix)
    {
        if (body.Span.TrimStart(" \t\r\n"u8).IsEmpty) throw RefusalException.BadRequest($"{faultPrefix}EOF");
        // Not the final block: an unfinished value is then told from a broken one.
        Utf8JsonReader reader = new(body.Span, isFinalBlock: false, state: default);
        try
        {
            if (!JsonDocument.TryParseValue(ref reader, out JsonDocument? document))
                throw RefusalException.BadRequest($"{faultPrefix}unexpected EOF");
            using (document)
            {
                ReadAllText(document.RootElement);
                return document.RootElement.Clone();
            }
        }
        catch (JsonException fault)
        {
            throw RefusalException.BadRequest($"{faultPrefix}invalid JSON at byte {fault.BytePositionInLine} of line {fault.LineNumber + 1}");
        }
        catch (InvalidOperationException) // text that is not UTF-8 or has half a surrogate pair
        {
            throw RefusalException.BadRequest($"{faultPrefix}invalid UTF-8 in JSON");
        }
    }

    /// <summary>Text is decoded only when it is read; text that is none is to be refused here, and not in the middle of a write.</summary>
    private static void ReadAllText(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray()) ReadAllText(item);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    _ = member.Name;
                    ReadAllText(member.Value);
                }

                break;
        }
    }

    public JsonElement? Find(string name)
    {
        if (element.ValueKind == JsonValueKind.Null || element.ValueKind == JsonValueKind.Undefined) return null;
        if (element.ValueKind != JsonValueKind.Object) throw Mismatch(element, "", "structs");
        JsonElement? found = null;
        foreach (JsonProperty member in element.EnumerateObject())
            if (Matches(member.Name, name)) found = member.Value;
        return found is { ValueKind: JsonValueKind.Null } ? null : found;
    }

    public string Text(string name) => Find(name) is not { } value ? "" : TextOf(value, name);

    public int Number(string name, int missing = 0)
    {
        if (Find(name) is not { } value) return missing;
        if (value.ValueKind != JsonValueKind.Number) throw Mismatch(value, name, "int");
        return value.TryGetInt32(out int number)
            ? number
            : throw Undecodable($"json: cannot unmarshal number {value.GetRawText()} into Go struct field .{name} of type int");
    }

    public bool Flag(string name) => Find(name) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Mismatch(value, name, "bool"),
    };

    /// <summary>A Go duration, or a number of nanoseconds.</summary>
    public TimeSpan Duration(string name)
    {
        if (Find(name) is not { } value) return TimeSpan.Zero;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double nanoseconds) && Math.Abs(nanoseconds) < 1e18)
            return TimeSpan.FromTicks((long)(nanoseconds / 100));
        string text = TextOf(value, name);
        if (text.Length == 0) return TimeSpan.Zero;
        return GoDuration.TryParse(text, out TimeSpan duration) ? duration : throw Undecodable($"time: invalid duration \"{text}\"");
    }

    public ImmutableArray<string> List(string name) => Find(name) is { } value ? ListOf(value, name) : [];

    /// <summary>Null when the member is missing.</summary>
    public ImmutableSortedDictionary<string, string>? Map(string name)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Object) throw Mismatch(value, name, "map[string]string");
        var map = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty member in value.EnumerateObject())
            map[member.Name] = member.Value.ValueKind == JsonValueKind.Null ? "" : TextOf(member.Value, name);
        return map.ToImmutable();
    }

    public JsonFields Object(string name) => Find(name) is { } value ? new JsonFields(value) : default;

    public bool Has(string name) => Find(name) is not null;

    public IEnumerable<JsonElement> Elements(string name)
    {
        if (Find(name) is not { } value) return [];
        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Mismatch(value, name, "[]");
    }

    public static ImmutableArray<string> ListOf(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Array) throw Mismatch(value, name, "[]string");
        return [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Null ? "" : TextOf(item, name))];
    }

    private static string TextOf(JsonElement value, string name)
    {
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Mismatch(value, name, "string");
    }

    private static bool Matches(string given, string name)
    {
        if (given.Equals(name, StringComparison.OrdinalIgnoreCase)) return true;
        return given.Contains('_', StringComparison.Ordinal)
            && given.Replace("_", "", StringComparison.Ordinal).Equals(name, StringComparison.OrdinalIgnoreCase);
    }

    private static RefusalException Mismatch(JsonElement value, string name, string type)
    {
        string kind = value.ValueKind switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => "number",
            JsonValueKind.Array => "array",
            JsonValueKind.Object => "object",
            _ => "bool",
        };
        return Undecodable($"json: cannot unmarshal {kind} into Go struct field .{name} of type {type}");
    }

    private static RefusalException Undecodable(string fault) => RefusalException.BadRequest($"Request decode failed: {fault}");
}
