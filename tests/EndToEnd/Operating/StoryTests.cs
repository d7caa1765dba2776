using System.Text.Json.Nodes;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Operating;

/// <summary>The way from an e-mail back to the request that caused it, as the console tells it.</summary>
public sealed class StoryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task From_an_address_the_whole_way_to_the_mail_is_told()
    {
        await using QuintetSystem system = await QuintetSystem.StartAsync(Cancellation, console: true);
        await system.SignUpAsync("Ann", "ann@example.org", Cancellation);
        await system.MailToAsync("ann@example.org", Cancellation);

        // The row, its event and the publish; the attempt, its call, the mail and the inbox. Quintet's own broker has a stop between them.
        string[] way = ["gateway", "users", "users", "users", "notifications", "notifications", "notifications", "notifications"];
        // Each part sends what it noted in its own time.
        JsonNode story = await Eventually.GetAsync(
            "all stops of the story are there",
            async () => JsonNode.Parse(await system.MustRunAsync(["story", "ann@example.org", "--output", "json"], Cancellation))!.AsArray()
                .FirstOrDefault(told => PartsOf(told!).Length >= way.Length),
            Cancellation);

        Assert.Equal(("POST /users", "Done"), ((string?)story["title"], (string?)story["state"]));
        Assert.Equal(way, PartsOf(story));
        string words = await system.MustRunAsync(["story", (string)story["traceId"]!], Cancellation);
        Assert.Contains("mail to a••@example.org", words, StringComparison.Ordinal);
        Assert.Contains("inbox marked, acknowledged", words, StringComparison.Ordinal);

        (int exitCode, _, string errors) = await system.RunAsync(["story", "nobody@example.org"], Cancellation);
        Assert.Equal(3, exitCode);
        Assert.Contains("no story is known of 'nobody@example.org'", errors, StringComparison.Ordinal);
    }

    private static string[] PartsOf(JsonNode story) =>
        [.. story["stops"]!.AsArray().Select(stop => (string)stop!["part"]!).Where(part => part != "broker")];
}
