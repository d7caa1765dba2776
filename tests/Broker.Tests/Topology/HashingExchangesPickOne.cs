using System.Globalization;
using System.Text;
using Quintet.Broker.Tests.Systems;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.Topology;

public class HashingExchangesPickOne
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Consistent_hash_spreads_keys_by_weight_and_a_key_stays_where_it_is()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.ExchangeDeclareAsync("hash", "x-consistent-hash", cancellationToken: Stop);
        await BindAsync(channel, "hash", ("a", "1"), ("b", "1"), ("c", "2"));

        Dictionary<string, HashSet<string>> first = await SpreadAsync(channel, ["a", "b", "c"]);
        Dictionary<string, HashSet<string>> second = await SpreadAsync(channel, ["a", "b", "c"]);
        await BindAsync(channel, "hash", ("d", "4"));
        Dictionary<string, HashSet<string>> third = await SpreadAsync(channel, ["a", "b", "c", "d"]);

        Assert.InRange(first["a"].Count, 180, 320);
        Assert.InRange(first["b"].Count, 180, 320);
        Assert.InRange(first["c"].Count, 400, 600);
        foreach (string queue in first.Keys) Assert.Equal(first[queue].Order(), second[queue].Order());
        // Half of the weight is the new queue's: it takes about half, and nothing moves between the others.
        Assert.InRange(third["d"].Count, 400, 600);
        foreach (string queue in first.Keys) Assert.Subset(first[queue], third[queue]);
    }

    [Fact]
    public async Task Consistent_hash_survives_a_restart_with_every_key_in_its_place()
    {
        using Quintet.TestKit.Files.TempFolder folder = new();
        Dictionary<string, HashSet<string>> before;
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            await using IConnection connection = await broker.ConnectAsync();
            await using IChannel channel = await connection.ConfirmingAsync();
            await channel.ExchangeDeclareAsync("hash", "x-consistent-hash", durable: true, cancellationToken: Stop);
            await BindAsync(channel, "hash", ("a", "1"), ("b", "3"), ("c", "2"));
            before = await SpreadAsync(channel, ["a", "b", "c"]);
        }

        await using RunningBroker next = await RunningBroker.StartOverAsync(folder["data"]);

        await using IConnection again = await next.ConnectAsync();
        await using IChannel after = await again.ConfirmingAsync();
        Dictionary<string, HashSet<string>> now = await SpreadAsync(after, ["a", "b", "c"]);
        foreach (string queue in before.Keys) Assert.Equal(before[queue].Order(), now[queue].Order());
    }

    [Fact]
    public async Task The_hash_can_be_that_of_a_header_or_of_a_property()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.ExchangeDeclareAsync("by-header", "x-consistent-hash", arguments: With("hash-header", "customer"), cancellationToken: Stop);
        await channel.ExchangeDeclareAsync("by-id", "x-consistent-hash", arguments: With("hash-property", "message_id"), cancellationToken: Stop);
        foreach (string exchange in (string[])["by-header", "by-id"])
        {
            await BindAsync(channel, exchange, ("a", "1"), ("b", "1"));
            for (int number = 0; number < 60; number++)
            {
                BasicProperties properties = new()
                {
                    MessageId = exchange == "by-id" ? $"id {number % 20}" : null,
                    Headers = new Dictionary<string, object?> { ["customer"] = exchange == "by-header" ? $"id {number % 20}" : null },
                };
                await channel.BasicPublishAsync(exchange, $"{number}", false, properties, Encoding.UTF8.GetBytes($"id {number % 20}"), Stop);
            }

            List<string> a = await channel.DrainAsync("a"), b = await channel.DrainAsync("b");
            Assert.Equal(60, a.Count + b.Count);
            Assert.Empty(a.Intersect(b));
            Assert.NotEmpty(a);
            Assert.NotEmpty(b);
        }
    }

    [Theory]
    [InlineData("x-random")]
    [InlineData("x-local-random")]
    [InlineData("x-modulus-hash")]
    public async Task A_picking_exchange_gives_each_message_to_one_queue_and_uses_all(string type)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.ExchangeDeclareAsync("hash", type, cancellationToken: Stop);
        await BindAsync(channel, "hash", ("a", ""), ("b", ""), ("c", ""));

        Dictionary<string, HashSet<string>> spread = await SpreadAsync(channel, ["a", "b", "c"]);

        Assert.All(spread.Values, keys => Assert.InRange(keys.Count, 200, 480));
    }

    [Theory]
    [InlineData("x-consistent-hash", "queue", "0", "The binding key must be greater than 0")]
    [InlineData("x-consistent-hash", "queue", "-3", "The binding key must be greater than 0")]
    [InlineData("x-consistent-hash", "queue", "a", "The binding key must be an integer: <<\"a\">>")]
    [InlineData("x-consistent-hash", "queue", "", "The binding key must be an integer: <<>>")]
    [InlineData("x-local-random", "queue", "a", "Non empty binding 'a' key not permitted")]
    [InlineData("x-local-random", "quorum", "", "Queue type rabbit_quorum_queue not valid for this exchange type")]
    [InlineData("x-local-random", "amq.fanout", "", "Destination not found")]
    public async Task A_binding_that_cannot_be_routed_by_is_refused(string type, string destination, string key, string text)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.ExchangeDeclareAsync("hash", type, cancellationToken: Stop);
        await channel.QueueAsync("queue");
        await channel.QueueAsync("quorum", ("x-queue-type", "quorum"));

        await Assert.ThrowsAsync<OperationInterruptedException>(() => destination == "amq.fanout"
            ? channel.ExchangeBindAsync(destination, "hash", key, cancellationToken: Stop)
            : channel.QueueBindAsync(destination, "hash", key, cancellationToken: Stop));

        Assert.Equal($"PRECONDITION_FAILED - {text}", channel.CloseReason!.ReplyText);
    }

    [Theory]
    [InlineData("hash-property", "app_id", null, "Unsupported property: app_id")]
    [InlineData("hash-property", "message_id", "hash-header", "hash-header and hash-property are mutually exclusive")]
    public async Task Arguments_that_cannot_be_hashed_are_refused(string name, string value, string? other, string text)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        Dictionary<string, object?> arguments = With(name, value);
        if (other is not null) arguments[other] = "h";

        await Assert.ThrowsAsync<OperationInterruptedException>(() =>
            channel.ExchangeDeclareAsync("hash", "x-consistent-hash", arguments: arguments, cancellationToken: Stop));

        Assert.Equal($"PRECONDITION_FAILED - {text}", channel.CloseReason!.ReplyText);
    }

    private static Dictionary<string, object?> With(string name, string value) => new() { [name] = value };

    private static async Task BindAsync(IChannel channel, string exchange, params (string Queue, string Key)[] bindings)
    {
        foreach ((string queue, string key) in bindings)
        {
            await channel.QueueAsync(queue);
            await channel.QueueBindAsync(queue, exchange, key, cancellationToken: Stop);
        }
    }

    /// <summary>Publishes a thousand keys and says which queue got which.</summary>
    private static async Task<Dictionary<string, HashSet<string>>> SpreadAsync(IChannel channel, string[] queues)
    {
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(number => channel.BasicPublishAsync(
            "hash", number.ToString(CultureInfo.InvariantCulture), false, new BasicProperties(), Encoding.UTF8.GetBytes($"{number}"), Stop).AsTask()));
        Dictionary<string, HashSet<string>> spread = [];
        foreach (string queue in queues) spread[queue] = [.. await channel.DrainAsync(queue)];
        Assert.Equal(1000, spread.Values.Sum(keys => keys.Count));
        return spread;
    }
}
