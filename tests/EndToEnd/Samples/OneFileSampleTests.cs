using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Samples;

public sealed class OneFileSampleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_in_one_file_is_built_registered_and_reached_through_the_gateway()
    {
        using var folder = new TempFolder();
        string project = Path.GetRelativePath(folder.Path, Repository.At("samples", "one-file", "orders.cs"));
        await File.WriteAllTextAsync(
            folder["quintet.yaml"],
            $$"""
            system: one-file
            services:
              orders:
                project: {{project}}
                routes: ["/orders/{**rest}"]
            """,
            Cancellation);
        await using QuintetSystem system = await QuintetSystem.StartAsync(Cancellation, folder["quintet.yaml"]);

        JsonNode greeting = await Eventually.GetAsync(
            "the greeting", () => system.Gateway.GetFromJsonAsync<JsonNode>("/orders/greeting", Cancellation), Cancellation);

        Assert.Equal("Hello", (string?)greeting["greeting"]);
    }
}
