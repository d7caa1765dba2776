using System.Text;
using Quintet.Broker.Queues;
using Quintet.Broker.Tests.Systems;
using Quintet.Broker.Topology;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Messages;

public class DeadLettersTellTheirStory
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("classic")]
    [InlineData("quorum")]
    public async Task An_expired_message_goes_to_the_dead_letter_exchange(string type)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel, ("x-queue-type", type), ("x-message-ttl", 50));

        await channel.SendAsync("q", "a", properties => properties.Expiration = "600000");

        BasicGetResult dead = await channel.AwaitAsync("dead");
        Dictionary<string, object?> death = DeathOf(dead);
        Assert.Equal(("expired", "q", 1L), (Text(death["reason"]), Text(death["queue"]), death["count"]));
        Assert.Equal("600000", Text(death["original-expiration"]));
        Assert.Equal(["q"], ((List<object?>)death["routing-keys"]!).Select(Text));
        Assert.Null(dead.BasicProperties.Expiration);
        Assert.Equal("q", dead.BasicProperties.Header("x-first-death-queue"));
        Assert.Equal("expired", dead.BasicProperties.Header("x-last-death-reason"));
    }

    [Fact]
    public async Task A_message_expiration_counts_without_a_queue_ttl()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel);

        await channel.SendAsync("q", "a", properties => properties.Expiration = "50");

        Assert.Equal("expired", Text(DeathOf(await channel.AwaitAsync("dead"))["reason"]));
    }

    [Fact]
    public async Task A_quorum_queue_gives_up_after_its_delivery_limit_of_20()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel, ("x-queue-type", "quorum"));
        await channel.SendAsync("q", "poison");
        int deliveries = 0;
        while (await channel.BasicGetAsync("q", false, Stop) is { } got)
        {
            Assert.Equal(deliveries == 0 ? null : (object)(long)deliveries, got.BasicProperties.Headers?.TryGetValue("x-delivery-count",
                out object? count) == true ? count : null);
            deliveries++;
            await channel.BasicNackAsync(got.DeliveryTag, false, requeue: true, Stop);
        }

        Assert.Equal(21, deliveries);
        Assert.Equal("delivery_limit", Text(DeathOf(await channel.AwaitAsync("dead"))["reason"]));
    }

    [Fact]
    public async Task Rejected_messages_keep_their_count_on_the_way_round()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("work", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "retry"));
        await channel.QueueAsync("retry", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "work"), ("x-message-ttl", 20));
        await channel.SendAsync("work", "a");
        for (long turn = 1; turn <= 3; turn++)
        {
            BasicGetResult got = await Quintet.TestKit.Processes.Eventually.GetAsync("work", () => channel.BasicGetAsync("work", false, Stop), Stop);
            if (turn > 1) Assert.Equal(turn - 1, DeathOf(got)["count"]);
            await channel.BasicRejectAsync(got.DeliveryTag, requeue: false, Stop);
        }
    }

    [Fact]
    public async Task A_cycle_without_a_reject_is_dropped()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "q"), ("x-message-ttl", 1));
        await channel.QueueAsync("marker", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "seen"), ("x-message-ttl", 200));
        await channel.QueueAsync("seen");

        await channel.SendAsync("q", "round and round");
        await channel.SendAsync("marker", "later");

        await channel.AwaitAsync("seen");
        Assert.Equal(0u, (await channel.QueueDeclarePassiveAsync("q", Stop)).MessageCount);
    }

    [Fact]
    public async Task A_dead_letter_that_nobody_takes_goes_with_its_queue()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync(
            "q", ("x-queue-type", "quorum"), ("x-dead-letter-exchange", "nowhere"), ("x-dead-letter-strategy", "at-least-once"),
            ("x-overflow", "reject-publish"));
        Queue queue = broker.Part<BrokerNode>().FindVhost("/")!.FindQueue("q")!;
        await channel.SendAsync("q", "a");
        await channel.BasicRejectAsync((await channel.BasicGetAsync("q", false, Stop))!.DeliveryTag, requeue: false, Stop);
        await Eventually.TrueAsync("it is dead", () => Task.FromResult(queue.Dying == 1), Stop);

        await channel.QueueDeleteAsync("q", cancellationToken: Stop);

        await Eventually.TrueAsync("it is gone", () => Task.FromResult(queue.Dying == 0), Stop);
    }

    [Fact]
    public async Task At_least_once_keeps_a_dead_letter_until_somebody_takes_it()
    {
        using TempFolder folder = new();
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            await using IConnection connection = await broker.ConnectAsync();
            await using IChannel channel = await connection.ConfirmingAsync();
            await channel.QueueAsync(
                "q", ("x-queue-type", "quorum"), ("x-dead-letter-exchange", "later"), ("x-dead-letter-strategy", "at-least-once"), ("x-overflow",
                    "reject-publish"));
            await channel.SendAsync("q", "kept");
            BasicGetResult got = (await channel.BasicGetAsync("q", false, Stop))!;
            await channel.BasicRejectAsync(got.DeliveryTag, requeue: false, Stop);
        }

        await using RunningBroker next = await RunningBroker.StartOverAsync(folder["data"]);

        await using IConnection again = await next.ConnectAsync();
        await using IChannel reader = await again.ChannelAsync();
        Assert.Equal(["kept"], await reader.DrainAsync("q"));
    }

    [Fact]
    public async Task A_dead_letter_is_in_one_place_after_a_kill()
    {
        using TempFolder folder = new();
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel, ("x-queue-type", "quorum"));
        for (int number = 0; number < 100; number++) await channel.SendAsync("q", $"{number}");
        for (int number = 0; number < 100; number++)
            await channel.BasicRejectAsync((await channel.BasicGetAsync("q", false, Stop))!.DeliveryTag, requeue: false, Stop);
        await channel.SendAsync("q", "last"); // its confirm comes after a sync of what went before

        await using RunningBroker next = await RunningBroker.StartOverAsync(broker.CopyAsAfterAKill(folder));

        await using IConnection again = await next.ConnectAsync();
        await using IChannel reader = await again.ChannelAsync();
        List<string> all = [.. await reader.DrainAsync("q"), .. await reader.DrainAsync("dead")];
        Assert.Equal([.. Enumerable.Range(0, 100).Select(number => $"{number}"), "last"], all.OrderBy(body => body == "last" ? 1000 : int.Parse(body)));
    }

    private static async Task DeclareAsync(IChannel channel, params (string, object?)[] arguments)
    {
        await channel.QueueAsync("dead");
        await channel.QueueAsync("q", [.. arguments, ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead")]);
    }

    private static Dictionary<string, object?> DeathOf(BasicGetResult message) =>
        ((List<object?>)message.BasicProperties.Headers!["x-death"]!).Cast<Dictionary<string, object?>>().First(
            death => Text(death["queue"]) != "retry");

    private static string? Text(object? value) => value is byte[] octets ? Encoding.UTF8.GetString(octets) : value?.ToString();
}
