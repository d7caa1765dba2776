using System.Text.Json;
using Quintet.Client.Broker;

namespace Quintet.Console.DeadLetters;

/// <summary>A message in a queue as it was looked at, taken apart for people.</summary>
/// <param name="Id">Its message id; empty when it has none, and then it cannot be named.</param>
/// <param name="Type">What kind of message it says it is.</param>
/// <param name="Death">Where and why it died; null when it did not.</param>
/// <param name="Message">As the broker showed it.</param>
internal sealed record Letter(string Id, string Type, Death? Death, PeekedMessage Message)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Properties and headers, in the order in which they came; a table within is shown as JSON.</summary>
    public IEnumerable<(string Name, string Value)> Properties => Rows(Message.Properties);

    /// <summary>What letters have in common that died of the same.</summary>
    public string Cause => DeadLetters.Death.CauseOf(Death);

    public static Letter Of(PeekedMessage message) =>
        new(Text(message.Properties, "message_id"), Text(message.Properties, "type"), Death.Of(message), message);

    /// <summary>The body as text: JSON indented, other text as it is, anything else as base64.</summary>
    public string Body(bool isPretty = true)
    {
        if (Message.PayloadEncoding != "base64") return isPretty ? Pretty(Message.Payload) : Message.Payload;
        return Message.Payload;
    }

    private static string Pretty(string text)
    {
        try
        {
            return JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(text), Indented);
        }
        catch (JsonException)
        {
            return text; // no JSON
        }
    }

    private static string Text(JsonElement table, string name) =>
        table.ValueKind == JsonValueKind.Object && table.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";

    private static IEnumerable<(string Name, string Value)> Rows(JsonElement table)
    {
        if (table.ValueKind != JsonValueKind.Object) yield break;
        foreach (JsonProperty property in table.EnumerateObject())
        {
            if (property is { Name: "headers", Value.ValueKind: JsonValueKind.Object })
                foreach ((string name, string value) in Rows(property.Value)) yield return (name, value);
            else
                yield return (property.Name, property.Value.ToString());
        }
    }
}
