using System.Text.Json.Nodes;
using Quintet.Console.Stories;

namespace Quintet.Console.Tests.Stories;

public sealed class PayloadsAreMasked
{
    [Theory]
    [InlineData("""{"email":"ann@example.org"}""", """{"email":"a•• (15)"}""")]
    [InlineData("""{"id":184,"ok":true,"none":null,"empty":""}""", """{"id":184,"ok":true,"none":null,"empty":""}""")]
    [InlineData("""{"id":"7f3c0a52-9d1e-4c1b-8f6e-0a52a52a52a5"}""", """{"id":"7f3c0a52-9d1e-4c1b-8f6e-0a52a52a52a5"}""")]
    [InlineData("""{"at":"2026-11-29T14:03:21Z"}""", """{"at":"2026-11-29T14:03:21Z"}""")]
    [InlineData("""{"born":"1990-01-02"}""", """{"born":"1•• (10)"}""")]
    [InlineData("""{"names":["Ann","🎵 Bea"],"deep":{"text":"x"}}""", """{"names":["A•• (3)","🎵•• (6)"],"deep":{"text":"x•• (1)"}}""")]
    public void Texts_of_the_data_leave_their_first_character_and_their_length(string data, string masked)
    {
        JsonNode before = JsonNode.Parse(EventOf(data))!;

        JsonNode? seen = PayloadMask.Of(before);

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(EventOf(masked)), seen), seen?.ToJsonString());
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(masked), PayloadMask.Of(JsonNode.Parse(data))), "Of what is no CloudEvent, all is data.");
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(EventOf(data)), before), "The event itself stays as it was.");
    }

    private static string EventOf(string data) => $$"""{"specversion":"1.0","type":"users.user-created","subject":"users/184","data":{{data}}}""";
}
