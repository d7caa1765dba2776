using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Quintet.Tidy.House;

namespace Quintet.Tidy.Docs;

/// <summary>
/// Writes docs/protocols/asyncapi.json (AsyncAPI 3.0): the events of the reference system from their schemas, and who sends and receives each from
/// quintet.yaml.
/// </summary>
internal static partial class AsyncApi
{
    public const string Path = "docs/protocols/asyncapi.json";
    private const string Events = "docs/protocols/events/";

    public static string Write()
    {
        string[] types = [.. Checkout.Files(".schema.json", Events).Select(file => file[Events.Length..^".schema.json".Length]).Order(StringComparer.Ordinal)];
        JsonObject document = new()
        {
            ["asyncapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Events of the reference system", ["version"] = "1" },
            ["defaultContentType"] = "application/cloudevents+json",
            ["channels"] = Each(types, Channel),
            ["operations"] = new JsonObject(Operations()),
            ["components"] = new JsonObject { ["messages"] = Each(types, Message) },
        };
        return document.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
    }

    private static JsonObject Each(string[] types, Func<string, JsonObject> of) =>
        new(types.Select(type => KeyValuePair.Create<string, JsonNode?>(type, of(type))));

    private static JsonObject Channel(string type) => new()
    {
        ["address"] = type,
        ["messages"] = new JsonObject { ["event"] = new JsonObject { ["$ref"] = $"#/components/messages/{type}" } },
        ["bindings"] = new JsonObject
        {
            ["amqp"] = new JsonObject
            {
                ["is"] = "routingKey",
                ["exchange"] = new JsonObject { ["name"] = "events", ["type"] = "topic", ["durable"] = true },
            },
        },
    };

    private static JsonObject Message(string type) => new()
    {
        ["title"] = type,
        ["payload"] = new JsonObject { ["$ref"] = $"events/{type}.schema.json" },
        ["examples"] = new JsonArray(new JsonObject { ["payload"] = JsonNode.Parse(Checkout.Read($"{Events}{type}.example.json")) }),
    };

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Operations()
    {
        string service = "";
        foreach (string line in Checkout.Read("quintet.yaml").Split('\n'))
        {
            if (Service().Match(line) is { Success: true } named) service = named.Groups[1].Value;
            if (List().Match(line) is not { Success: true } list) continue;
            bool sends = list.Groups[1].Value == "publishes";
            foreach (string type in list.Groups[2].Value.Split(',', StringSplitOptions.TrimEntries))
            {
                yield return new($"{service}-{(sends ? "sends" : "receives")}-{type}", new JsonObject
                {
                    ["action"] = sends ? "send" : "receive",
                    ["channel"] = new JsonObject { ["$ref"] = $"#/channels/{type}" },
                });
            }
        }
    }

    [GeneratedRegex(@"^  ([a-z][a-z0-9-]*):\s*$")]
    private static partial Regex Service();

    [GeneratedRegex(@"^    (publishes|subscribes): \[(.+)\]")]
    private static partial Regex List();
}
