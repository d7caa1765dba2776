using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.TestKit.Contracts;

/// <summary>
/// Holds the types of a service's events against docs/protocols/events: the schema and the golden example of each. What is published there stays
/// readable, for publishers and for consumers that nobody here knows.
/// </summary>
public static class EventContract
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Holds every event that a service writes or reads against what is published.</summary>
    /// <param name="service">The service's assembly.</param>
    /// <param name="ofEvents">The interface of all events.</param>
    /// <param name="ofPublished">The interface of those that it publishes.</param>
    public static void Holds(Assembly service, Type ofEvents, Type ofPublished)
    {
        Type[] events = [.. service.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(ofEvents))];
        Assert.NotEmpty(events);
        Assert.All(events, type =>
        {
            if (type.IsAssignableTo(ofPublished)) HoldsForPublisher(type);
            else HoldsForConsumer(type);
        });
    }

    /// <summary>The publisher writes what the schema says, no less and no more, and would write the golden example again to the byte.</summary>
    private static void HoldsForPublisher(Type type)
    {
        string name = EventTypeOf(type);
        JsonNode schema = Read(name, "schema"), example = Read(name, "example");
        JsonNode data = schema["properties"]!["data"]!;

        JsonNode written = JsonSerializer.SerializeToNode(example["data"].Deserialize(type, Json), type, Json)!;

        Assert.True(JsonNode.DeepEquals(example["data"], written), $"{name}: the example is {example["data"]}, written is {written}");
        Assert.Equal(data["properties"]!.AsObject().Select(member => member.Key), written.AsObject().Select(member => member.Key));
        Assert.Equal(data["required"]!.AsArray().Select(member => (string?)member), written.AsObject().Select(member => member.Key));
        foreach ((string member, JsonNode? value) in written.AsObject())
            Assert.Equal((string?)data["properties"]![member]!["type"], KindOf(value!));
        Assert.Equal((name, name), ((string?)schema["properties"]!["type"]!["const"], (string?)example["type"]));
        Assert.Equal((string?)schema["properties"]!["source"]!["const"], (string?)example["source"]);
        Assert.Matches((string)schema["properties"]!["subject"]!["pattern"]!, (string)example["subject"]!);
    }

    /// <summary>The consumer reads nothing but what the schema promises, and is not disturbed by members that come later.</summary>
    private static void HoldsForConsumer(Type type)
    {
        string name = EventTypeOf(type);
        JsonNode promised = Read(name, "schema")["properties"]!["data"]!["required"]!;
        JsonObject data = Read(name, "example")["data"]!.AsObject();
        string[] read = [.. JsonSerializer.SerializeToNode(data.Deserialize(type, Json), type, Json)!.AsObject().Select(member => member.Key)];

        data["added_later"] = new JsonObject { ["by"] = "a newer publisher" };
        JsonNode back = JsonSerializer.SerializeToNode(data.Deserialize(type, Json), type, Json)!;

        Assert.Empty(read.Except(promised.AsArray().Select(member => (string)member!)));
        foreach (string member in read) Assert.True(JsonNode.DeepEquals(data[member], back[member]), $"{name}: {member} is read as {back[member]}");
    }

    private static string EventTypeOf(Type type) => (string)type.GetProperty("EventType")!.GetValue(null)!;

    private static JsonNode Read(string name, string what) =>
        JsonNode.Parse(File.ReadAllText(Repository.At("docs", "protocols", "events", $"{name}.{what}.json")))!;

    private static string KindOf(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.Number => "integer", // no event has any other number
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Array => "array",
        _ => "object",
    };
}
