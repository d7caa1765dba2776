using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Queues;
using Quintet.Broker.Tests.Systems;
using Quintet.Broker.Topology;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Policies;

public class PoliciesTakeEffect
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_length_counts_at_once_and_ends_with_the_policy()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("a");
        foreach (int number in Enumerable.Range(0, 5)) await channel.SendAsync("a", $"{number}");

        await PutAsync(http, "policies", "short", new { pattern = "^a$", definition = new Dictionary<string, object> { ["max-length"] = 2 } });
        uint after = (await channel.QueueDeclarePassiveAsync("a", Stop)).MessageCount;
        await http.DeleteAsync("/api/policies/%2F/short", Stop);
        foreach (int number in Enumerable.Range(5, 3)) await channel.SendAsync("a", $"{number}");

        Assert.Equal(2u, after);
        Assert.Equal(["3", "4", "5", "6", "7"], await channel.DrainAsync("a"));
    }

    [Fact]
    public async Task A_full_queue_of_a_policy_refuses_publishes()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await PutAsync(http, "policies", "full", new
        {
            pattern = "^a", definition = new Dictionary<string, object> { ["max-length"] = 1, ["overflow"] = "reject-publish" },
        });
        await channel.QueueAsync("a");
        await channel.SendAsync("a", "1");

        await Assert.ThrowsAsync<RabbitMQ.Client.Exceptions.PublishException>(async () => await channel.SendAsync("a", "2"));
    }

    [Fact]
    public async Task Dead_letters_go_where_the_policy_says_unless_the_arguments_say_otherwise()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        foreach (string name in (string[])["dead", "own", "w.plain"]) await channel.QueueAsync(name);
        await channel.QueueAsync("w.own", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "own"));
        await PutAsync(http, "policies", "dlx", new
        {
            pattern = "^w", definition = new Dictionary<string, object> { ["dead-letter-exchange"] = "", ["dead-letter-routing-key"] = "dead" },
        });

        foreach (string name in (string[])["w.plain", "w.own"])
        {
            await channel.SendAsync(name, name);
            BasicGetResult? got = await channel.BasicGetAsync(name, autoAck: false, Stop);
            await channel.BasicRejectAsync(got!.DeliveryTag, requeue: false, Stop);
        }

        Assert.Equal("w.plain", System.Text.Encoding.UTF8.GetString((await channel.AwaitAsync("dead")).Body.Span));
        Assert.Equal("w.own", System.Text.Encoding.UTF8.GetString((await channel.AwaitAsync("own")).Body.Span));
    }

    [Fact]
    public async Task A_ttl_holds_for_messages_from_now_on_and_an_expiry_for_the_unused_queue()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("t");
        await channel.SendAsync("t", "old");

        await PutAsync(http, "policies", "ttl", new { pattern = "^t", definition = new Dictionary<string, object> { ["message-ttl"] = 1 } });
        await channel.SendAsync("t", "new");
        Assert.Equal("old", await channel.TakeAsync("t"));
        await Eventually.GetAsync("the new message expires", async () =>
            (await channel.QueueDeclarePassiveAsync("t", Stop)).MessageCount == 0 ? "gone" : null, Stop);

        await PutAsync(http, "policies", "ttl", new { pattern = "^t", definition = new Dictionary<string, object> { ["expires"] = 50 } });
        await Eventually.GetAsync("the queue expires", () =>
            Task.FromResult(broker.Part<BrokerNode>().FindVhost("/")!.FindQueue("t") is null ? "gone" : null), Stop);
    }

    [Fact]
    public async Task A_restart_gives_no_message_the_ttl_of_a_policy_that_came_after_it()
    {
        using TempFolder folder = new();
        FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        object policy = new { pattern = "^t", definition = new Dictionary<string, object> { ["message-ttl"] = 60_000 } };
        await using (RunningBroker broker = await RunningBroker.StartWithAsync(folder["data"], services => services.AddSingleton<TimeProvider>(time)))
        await using (IConnection connection = await broker.ConnectAsync())
        await using (IChannel channel = await connection.ConfirmingAsync())
        {
            using HttpClient http = broker.Management();
            await channel.QueueAsync("t");
            await channel.QueueAsync("t.own", ("x-message-ttl", 50_000));
            foreach (string queue in (string[])["t", "t.own"]) await channel.SendAsync(queue, "old");
            time.Advance(TimeSpan.FromSeconds(1));
            await PutAsync(http, "policies", "ttl", policy);
            time.Advance(TimeSpan.FromSeconds(1));
            await channel.SendAsync("t", "new");
            time.Advance(TimeSpan.FromSeconds(1));
            await PutAsync(http, "policies", "ttl", policy); // the same again: it holds since before
        }

        time.Advance(TimeSpan.FromSeconds(100));
        await using RunningBroker again = await RunningBroker.StartWithAsync(folder["data"], services => services.AddSingleton<TimeProvider>(time));

        // What has expired goes as it comes to the front, which is where the old one is.
        Assert.Equal(0, again.Counts("t.own").Ready);
        await using IConnection reading = await again.ConnectAsync();
        await using IChannel reader = await reading.ChannelAsync();
        Assert.Equal(["old"], await reader.DrainAsync("t"));
    }

    [Fact]
    public async Task The_delivery_limit_of_a_policy_counts_and_is_shown()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q", ("x-queue-type", "quorum"));
        await channel.QueueAsync("c");
        await PutAsync(http, "policies", "limit", new
        {
            pattern = ".*", definition = new Dictionary<string, object> { ["delivery-limit"] = -1 }, priority = 0,
        });

        JsonElement quorum = await http.GetFromJsonAsync<JsonElement>("/api/queues/%2F/q", Stop);
        JsonElement classic = await http.GetFromJsonAsync<JsonElement>("/api/queues/%2F/c", Stop);
        Assert.Equal(("limit", -1), (quorum.GetProperty("policy").GetString(), quorum.GetProperty("effective_policy_definition").GetProperty("delivery-limit")
            .GetInt32()));
        Assert.Equal(JsonValueKind.Null, classic.GetProperty("policy").ValueKind);
        Assert.Null(QueueOf(broker, "q").Settings.DeliveryLimit);

        await PutAsync(http, "operator-policies", "bound", new { pattern = ".*", definition = new Dictionary<string, object> { ["delivery-limit"] = 1 } });
        await channel.SendAsync("q", "1");
        for (int round = 0; round < 3; round++)
            if (await channel.BasicGetAsync("q", autoAck: false, Stop) is { } got) await channel.BasicRejectAsync(got.DeliveryTag, requeue: true, Stop);
        Assert.Equal(1, QueueOf(broker, "q").Settings.DeliveryLimit);
        Assert.Null(await channel.TakeAsync("q"));
    }

    [Fact]
    public async Task The_smaller_number_holds_and_the_highest_priority_wins()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("q", ("x-max-length", 10), ("x-message-ttl", 5));
        await PutAsync(http, "policies", "low", new { pattern = "q", definition = new Dictionary<string, object> { ["max-length"] = 1 } });
        await PutAsync(http, "policies", "high", new
        {
            pattern = "q", priority = 7,
            definition = new Dictionary<string, object> { ["max-length"] = 8, ["message-ttl"] = 100, ["overflow"] = "reject-publish" },
        });
        await PutAsync(http, "policies", "other", new
        {
            pattern = "q", priority = 9, definition = new Dictionary<string, object> { ["max-length"] = 2 },
        }.WithTarget("exchanges"));
        await PutAsync(http, "operator-policies", "bound", new
        {
            pattern = "q", definition = new Dictionary<string, object> { ["max-length"] = 6, ["overflow"] = "drop-head" },
        });

        QueueSettings settings = QueueOf(broker, "q").Settings;
        Assert.Equal(("high", "bound"), (settings.Policy.Name, settings.Policy.OperatorName));
        Assert.Equal((6L, 5L, Overflow.DropHead), (settings.LengthMax, settings.MessageTtlMs, settings.Overflow));
    }

    [Fact]
    public async Task An_alternate_exchange_of_a_policy_gets_what_nobody_wants()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("rest");
        await channel.QueueBindAsync("rest", "amq.fanout", "", cancellationToken: Stop);
        await PutAsync(http, "policies", "ae", new
        {
            pattern = "^amq.direct$", definition = new Dictionary<string, object> { ["alternate-exchange"] = "amq.fanout" },
        }.WithTarget("exchanges"));

        await channel.BasicPublishAsync("amq.direct", "nobody", mandatory: true, new BasicProperties(), "x"u8.ToArray(), Stop);

        Assert.Equal("x", await channel.TakeAsync("rest"));
        Assert.Equal("ae", (await http.GetFromJsonAsync<JsonElement>("/api/exchanges/%2F/amq.direct", Stop)).GetProperty("policy").GetString());
    }

    [Fact]
    public async Task Policies_survive_a_restart()
    {
        using TempFolder folder = new();
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            using HttpClient http = broker.Management();
            await using IConnection connection = await broker.ConnectAsync();
            await using IChannel channel = await connection.ConfirmingAsync();
            await channel.QueueAsync("q");
            await PutAsync(http, "policies", "p", new { pattern = "q", priority = 1.5, definition = new Dictionary<string, object> { ["max-length"] = 3 } });
            await PutAsync(http, "operator-policies", "o", new { pattern = "q", definition = new Dictionary<string, object> { ["expires"] = 3_600_000 } });
            await PutAsync(http, "policies", "gone", new { pattern = "q", definition = new Dictionary<string, object> { ["max-length"] = 3 } });
            Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteAsync("/api/policies/%2F/gone", Stop)).StatusCode);
        }

        await using RunningBroker again = await RunningBroker.StartOverAsync(folder["data"]);
        using HttpClient later = again.Management();
        JsonElement policies = await later.GetFromJsonAsync<JsonElement>("/api/policies", Stop);
        Assert.Equal("""[{"vhost":"/","name":"p","pattern":"q","apply-to":"all","definition":{"max-length":3},"priority":1.5}]""", policies.GetRawText());
        Assert.Equal((3L, 3_600_000L), (QueueOf(again, "q").Settings.LengthMax, QueueOf(again, "q").Settings.ExpiresMs));
    }

    private static Queue QueueOf(RunningBroker broker, string name) => broker.Part<BrokerNode>().FindVhost("/")!.FindQueue(name)!;

    private static async Task PutAsync(HttpClient http, string kind, string name, object policy)
    {
        HttpResponseMessage answer = await http.PutAsJsonAsync($"/api/{kind}/%2F/{name}", policy, Stop);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }
}

file static class Targets
{
    public static Dictionary<string, object?> WithTarget(this object policy, string target)
    {
        Dictionary<string, object?> members = JsonSerializer.Deserialize<Dictionary<string, object?>>(JsonSerializer.Serialize(policy))!;
        members["apply-to"] = target;
        return members;
    }
}
