using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Tests.Systems;
using Quintet.Broker.Topology;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.Deduplication;

public class DuplicatesAreDropped
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_messages_with_one_key_the_first_comes_through_and_all_are_confirmed()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await ChannelAsync(connection);

        await PublishAsync(channel, "a", "1");
        await PublishAsync(channel, "b", "2");
        await PublishAsync(channel, "a", "dropped", routingKey: "any");
        await PublishAsync(channel, 7, "3");
        await PublishAsync(channel, 7L, "dropped");
        await PublishAsync(channel, "7", "4");
        await PublishAsync(channel, null, "5");
        await PublishAsync(channel, null, "5");

        Assert.Equal(["1", "2", "3", "4", "5", "5"], await channel.DrainAsync("q"));
        await PublishAsync(channel, "a", "dropped even when the first is gone");
        Assert.Empty(await channel.DrainAsync("q"));
    }

    [Fact]
    public async Task A_duplicate_is_not_unroutable_neither_returned_nor_handed_to_the_alternate()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await ChannelAsync(connection, ("alternate-exchange", "amq.fanout"));
        await channel.QueueAsync("alternate");
        await channel.QueueBindAsync("alternate", "amq.fanout", "", cancellationToken: Stop);

        for (int time = 0; time < 3; time++) await PublishAsync(channel, "a", "x", mandatory: true); // a return would throw

        Assert.Equal((1, 0), (broker.Counts("q").Ready, broker.Counts("alternate").Ready));
    }

    [Fact]
    public async Task What_went_nowhere_or_was_refused_may_come_again()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await ChannelAsync(connection);
        await channel.QueueUnbindAsync("q", "once", "", cancellationToken: Stop);
        await PublishAsync(channel, "a", "to nobody");
        await channel.QueueAsync("full", ("x-max-length", 1), ("x-overflow", "reject-publish"));
        await channel.QueueBindAsync("full", "once", "", cancellationToken: Stop);
        await PublishAsync(channel, "b", "fills");

        await Assert.ThrowsAsync<PublishException>(() => PublishAsync(channel, "a", "refused"));
        Assert.Equal(["fills"], await channel.DrainAsync("full"));
        await PublishAsync(channel, "a", "again");

        Assert.Equal(["again"], await channel.DrainAsync("full"));
    }

    [Fact]
    public async Task The_oldest_keys_are_forgotten_beyond_the_size_of_the_cache_and_all_with_a_restart()
    {
        using TempFolder folder = new();
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        await using (IConnection connection = await broker.ConnectAsync())
        await using (IChannel channel = await ChannelAsync(connection, ("x-cache-size", 2)))
        {
            foreach (string key in (string[])["a", "b", "c", "b", "a", "c"]) await PublishAsync(channel, key, key);
            Assert.Equal(["a", "b", "c", "a"], await channel.DrainAsync("q"));
        }

        await using RunningBroker next = await RunningBroker.StartOverAsync(folder["data"]);
        await using IConnection again = await next.ConnectAsync();
        await using IChannel publisher = await again.ConfirmingAsync();
        await PublishAsync(publisher, "a", "after the restart");
        Assert.Equal(["after the restart"], await publisher.DrainAsync("q"));
    }

    [Fact]
    public async Task Keys_are_forgotten_after_the_time_that_the_exchange_or_the_message_says()
    {
        FakeTimeProvider time = new();
        await using RunningBroker broker = await RunningBroker.StartWithAsync(services => services.AddSingleton<TimeProvider>(time));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await ChannelAsync(connection, ("x-cache-ttl", 10_000));
        await PublishAsync(channel, "a", "a1");
        await PublishAsync(channel, "b", "b1", ttlMs: 20_000);

        time.Advance(TimeSpan.FromSeconds(9));
        await PublishAsync(channel, "a", "dropped");
        time.Advance(TimeSpan.FromSeconds(2));
        await PublishAsync(channel, "a", "a2");
        await PublishAsync(channel, "b", "dropped");
        time.Advance(TimeSpan.FromSeconds(10));
        await PublishAsync(channel, "b", "b2");

        Assert.Equal(["a1", "b1", "a2", "b2"], await channel.DrainAsync("q"));
    }

    [Fact]
    public async Task A_transaction_holds_its_keys_until_it_ends_and_keeps_them_only_when_it_commits()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel other = await ChannelAsync(connection), transaction = await connection.ChannelAsync();
        await transaction.TxSelectAsync(Stop);
        await PublishAsync(transaction, "a", "rolled back");
        await transaction.TxRollbackAsync(Stop);
        await PublishAsync(transaction, "a", "committed");
        await PublishAsync(transaction, "b", "rolled back");
        await transaction.QueueDeclarePassiveAsync("q", Stop);

        await Assert.ThrowsAsync<PublishException>(() => PublishAsync(other, "a", "while it is not known"));
        await transaction.TxCommitAsync(Stop);
        await PublishAsync(other, "a", "dropped");
        await PublishAsync(transaction, "c", "ended with its channel");
        await transaction.QueueDeclarePassiveAsync("q", Stop);
        await transaction.CloseAsync(Stop);
        await PublishAsync(other, "c", "sent");

        Assert.Equal(["committed", "rolled back", "sent"], await other.DrainAsync("q"));
    }

    [Fact]
    public async Task A_dead_letter_that_is_there_already_ends_instead_of_coming_back()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await ChannelAsync(connection);
        await channel.QueueAsync("work", ("x-queue-type", "quorum"), ("x-dead-letter-exchange", "once"), ("x-dead-letter-strategy", "at-least-once"),
            ("x-overflow", "reject-publish"));
        BasicProperties keyed = new() { Persistent = true, Headers = new Dictionary<string, object?> { ["x-deduplication-header"] = "a" } };
        for (int time = 0; time < 2; time++)
        {
            await channel.BasicPublishAsync("", "work", false, keyed, "dead"u8.ToArray(), Stop);
            BasicGetResult? got = await channel.BasicGetAsync("work", autoAck: false, Stop);
            await channel.BasicRejectAsync(got!.DeliveryTag, requeue: false, Stop);
            await Eventually.TrueAsync(
                "it is dealt with",
                () => Task.FromResult(broker.Part<BrokerNode>().FindVhost("/")!.FindQueue("work")!.Dying == 0 && broker.Counts("q").Ready == 1),
                Stop);
        }

        Assert.Equal(["dead"], await channel.DrainAsync("q"));
    }

    [Theory]
    [InlineData(null, null, null, "Missing or invalid argument, 'x-cache-size' must be an integer greater than 0")]
    [InlineData("0", null, null, "Missing or invalid argument, 'x-cache-size' must be an integer greater than 0")]
    [InlineData("11", null, null, "Invalid argument, 'x-cache-size' of 11 is larger than configured max 10")]
    [InlineData("5", "soon", null, "Invalid argument, 'x-cache-ttl' must be an integer greater than 0")]
    [InlineData("5", null, "paper", "Invalid argument, 'x-cache-persistence' must be either 'disk' or 'memory'")]
    [InlineData("5", null, "disk",
        "Invalid argument, 'x-cache-persistence' cannot be 'disk': keys are remembered in memory only, and a restart forgets them")]
    [InlineData("5", "60", "memory", null)]
    public async Task Arguments_are_checked(string? size, string? ttl, string? persistence, string? refusal)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:DeduplicationKeys", "10"));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        Dictionary<string, object?> arguments = new (string Name, string? Value)[]
            { ("x-cache-size", size), ("x-cache-ttl", ttl), ("x-cache-persistence", persistence) }
            .Where(pair => pair.Value is not null).ToDictionary(pair => pair.Name, pair => (object?)pair.Value);

        Task declared = channel.ExchangeDeclareAsync("once", "x-message-deduplication", true, false, arguments, cancellationToken: Stop);

        if (refusal is null)
        {
            await declared;
            return;
        }

        OperationInterruptedException refused = await Assert.ThrowsAsync<OperationInterruptedException>(() => declared);
        Assert.Equal($"PRECONDITION_FAILED - {refusal}", refused.ShutdownReason!.ReplyText);
    }

    // A queue "q" behind an exchange "once".
    private static async Task<IChannel> ChannelAsync(IConnection connection, params (string Name, object? Value)[] arguments)
    {
        IChannel channel = await connection.ConfirmingAsync();
        Dictionary<string, object?> all = new() { ["x-cache-size"] = 100 };
        foreach ((string name, object? value) in arguments) all[name] = value;
        await channel.ExchangeDeclareAsync("once", "x-message-deduplication", true, false, all, cancellationToken: Stop);
        await channel.QueueAsync("q");
        await channel.QueueBindAsync("q", "once", "", cancellationToken: Stop);
        return channel;
    }

    private static async Task PublishAsync(
        IChannel channel, object? key, string body, string routingKey = "", bool mandatory = false, int? ttlMs = null)
    {
        BasicProperties properties = new() { Persistent = true, Headers = new Dictionary<string, object?>() };
        if (key is not null) properties.Headers["x-deduplication-header"] = key;
        if (ttlMs is { } ttl) properties.Headers["x-cache-ttl"] = ttl;
        await channel.BasicPublishAsync("once", routingKey, mandatory, properties, System.Text.Encoding.UTF8.GetBytes(body), Stop);
    }
}
