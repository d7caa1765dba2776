using System.Text.Json.Nodes;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Operating;

/// <summary><c>quintet map</c> and <c>quintet top</c> on a running system.</summary>
public sealed class MapTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_declared_and_what_was_seen_is_told_at_the_terminal()
    {
        await using QuintetSystem system = await QuintetSystem.StartAsync(Cancellation, console: true);
        // A system is ready without its console.
        string declared = await Eventually.GetAsync("the console answers", async () => await system.MustRunAsync(["map"], Cancellation), Cancellation);
        Assert.Matches(@"service:notifications\s+service:users\s+UNUSED", declared);
        Assert.Matches(@"service:users\s+database:users\s+UNUSED", declared);

        await system.SignUpAsync("Ann", "ann@example.org", Cancellation);
        await system.MailToAsync("ann@example.org", Cancellation);
        string[] way = ["outside", "gateway", "service:users", "queue:notifications.users.user-created", "service:notifications", "mail:mail"];
        foreach ((string from, string to) in way.Zip(way.Skip(1)).Append(("service:users", "database:users")))
            await Eventually.TrueAsync($"{from} → {to} is seen", async () => (await EdgesAsync(system)).Any(edge =>
                ((string?)edge!["from"], (string?)edge["to"], (string?)edge["state"]) == (from, to, "seen")), Cancellation);
        Assert.DoesNotContain(await EdgesAsync(system), edge => (string?)edge!["state"] == "undeclared");
        Assert.Matches(@"service:notifications\s+service:users\s+seen", await system.MustRunAsync(["map", "--last", "1h"], Cancellation));

        JsonNode users = JsonNode.Parse(await system.MustRunAsync(["top", "--json"], Cancellation))!.AsArray()
            .Single(part => (string?)part!["part"] == "users")!;
        Assert.Equal(("ready", 1, 1), ((string?)users["state"], (int)users["instances"]!, (int)users["ready"]!));
        Assert.InRange((double)users["cpu"]!, 0, 64);
        Assert.True((double)users["memoryMb"]! > 1);
        // What the services measured they send every ten seconds.
        await Eventually.TrueAsync("the request to Users is counted", async () =>
            JsonNode.Parse(await system.MustRunAsync(["top", "--json"], Cancellation))!.AsArray().Any(part =>
                (string?)part!["part"] == "users" && part["p99"] is not null), Cancellation);
        Assert.Matches(@"PART\s+STATE\s+INSTANCES\s+REQUESTS\s+FAILING\s+P50\s+P99\s+CPU\s+MEMORY MB", await system.MustRunAsync(["top"], Cancellation));
    }

    private static async Task<JsonArray> EdgesAsync(QuintetSystem system) =>
        JsonNode.Parse(await system.MustRunAsync(["map", "--json"], Cancellation))!["edges"]!.AsArray();
}
