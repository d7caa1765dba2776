using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Quintet.Broker.Management;

/// <summary>The JSON object of a request. Refuses in RabbitMQ's words.</summary>
internal static class RequestBody
{
    private const int ErlangLineLength = 79;

    private static readonly JsonElement Nothing = JsonDocument.Parse("{}").RootElement;

    /// <param name="http">The request.</param>
    /// <param name="required">Members that must be there.</param>
    public static async Task<JsonElement> ReadAsync(HttpContext http, params string[] required)
    {
        JsonElement body = Parse(await RequestDocument.ReadAsync(http));
        string[] missing = [.. required.Where(name => !body.TryGetProperty(name, out _)).Select(name => $"{{key_missing,{name}}}")];
        return missing.Length == 0 ? body : throw Refusal.BadRequest(ErlangList(missing));
    }

    // As Erlang prints a list of tuples: on one line while it is no longer than that.
    private static string ErlangList(string[] items)
    {
        string line = $"[{string.Join(',', items)}]";
        return line.Length < ErlangLineLength ? line : $"[{string.Join(",\n ", items)}]";
    }

    /// <summary>A switch that is off when absent; the words "true" and "false" count too.</summary>
    public static bool Flag(this JsonElement body, string name)
    {
        if (!body.TryGetProperty(name, out JsonElement value)) return false;
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False or JsonValueKind.Null => false,
            JsonValueKind.String when value.GetString() is "true" or "false" => value.GetString() == "true",
            _ => throw Refusal.BadRequest(new object[] { "not_boolean", value }),
        };
    }

    public static int Integer(this JsonElement body, string name)
    {
        JsonElement value = body.GetProperty(name);
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)) return number;
        if (value.ValueKind == JsonValueKind.String && int.TryParse(value.GetString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out number))
            return number;
        throw Refusal.BadRequest(new object[] { "not_integer", value });
    }

    /// <summary>A text, the given one when absent.</summary>
    public static string Text(this JsonElement body, string name, string otherwise)
    {
        if (!body.TryGetProperty(name, out JsonElement value)) return otherwise;
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Refusal.BadRequest(new object[] { "not_string", value });
    }

    private static JsonElement Parse(ReadOnlyMemory<byte> octets)
    {
        if (octets.IsEmpty) return Nothing;
        try
        {
            using JsonDocument document = JsonDocument.Parse(octets);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            // Answered below, as all that is no object is.
        }

        throw Refusal.BadRequest("not_json");
    }
}
