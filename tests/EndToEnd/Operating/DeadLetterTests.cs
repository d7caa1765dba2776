using System.Text;
using System.Text.Json.Nodes;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.EndToEnd.Operating;

/// <summary>An event that a service cannot accept, from its death to its end.</summary>
public sealed class DeadLetterTests(RunningSystem running)
{
    private const string Dead = "notifications.users.user-created.dead";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_nobody_can_accept_is_kept_shown_sent_back_and_thrown_away()
    {
        await PublishAsync("letter-1", "no event at all");
        await OneIsDeadAsync();

        // Looking is no delivery that brings a message nearer to its end.
        using (ManagementView view = new(running.System))
            for (int looks = 0; looks < 30; looks++) Assert.Equal(1, await view.PeekAsync(Dead, Cancellation));
        JsonNode listed = await RowsAsync("list");
        JsonNode letter = (await RowsAsync("show", Dead))[0]!;
        await running.System.MustRunAsync(["deadletters", "redrive", Dead], Cancellation);
        await OneIsDeadAsync(); // it dies again, and keeps its name
        JsonNode again = (await RowsAsync("show", Dead))[0]!;
        await running.System.MustRunAsync(["deadletters", "discard", Dead, "--id", "letter-1", "--yes"], Cancellation);

        Assert.Contains(listed.AsArray(), row => (string?)row!["queue"] == Dead && (int)row["messages"]! == 1);
        Assert.Equal(("letter-1", "RejectedEventException"), ((string?)letter["id"], (string?)letter["reason"]));
        Assert.Equal("notifications.users.user-created", (string?)letter["diedIn"]);
        Assert.Equal("letter-1", (string?)again["id"]);
        Assert.Empty((await RowsAsync("show", Dead)).AsArray());
    }

    private async Task<JsonNode> RowsAsync(params string[] words) =>
        JsonNode.Parse(await running.System.MustRunAsync(["deadletters", .. words, "--output", "json"], Cancellation))!;

    private Task OneIsDeadAsync() => Eventually.TrueAsync("it is dead", async () => (await RowsAsync("show", Dead)).AsArray().Count == 1, Cancellation);

    private async Task PublishAsync(string id, string body)
    {
        ConnectionFactory factory = new() { Uri = new Uri(running.System.Variables["AMQP_URL"]) };
        await using IConnection connection = await factory.CreateConnectionAsync(Cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancellation);
        await channel.BasicPublishAsync(
            "events", "users.user-created", mandatory: true, new BasicProperties { MessageId = id }, Encoding.UTF8.GetBytes(body), Cancellation);
    }
}
