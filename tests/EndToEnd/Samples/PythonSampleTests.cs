using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Samples;

public sealed class PythonSampleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_python_service_is_registered_routed_configured_and_hears_events()
    {
        Need.PythonModule("pika", "python3-pika");
        await using QuintetSystem system = await QuintetSystem.StartAsync(Cancellation, Repository.At("samples", "python", "quintet.yaml"));

        JsonNode hello = (await system.Gateway.GetFromJsonAsync<JsonNode>("/hello", Cancellation))!;
        Assert.Equal("Good day", (string?)hello["greeting"]);

        int id = (await system.SignUpAsync("Guido", "guido@example.org", Cancellation)).GetValueOrDefault();
        await Eventually.TrueAsync(
            "the event came to Python through the broker",
            async () => (await system.Gateway.GetFromJsonAsync<JsonNode>("/hello/users", Cancellation))!["heard"]!.AsArray().Any(heard => (int)heard! == id),
            Cancellation);
        JsonNode greeting = (await system.Gateway.GetFromJsonAsync<JsonNode>($"/hello/{id}", Cancellation))!;
        Assert.Equal("Good day, Guido", (string?)greeting["greeting"]);
    }
}
