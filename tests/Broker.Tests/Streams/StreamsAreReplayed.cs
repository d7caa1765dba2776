using System.Threading.Channels;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.Streams;

/// <summary>Streams as clients see them.</summary>
public sealed class StreamsAreReplayed
{
    private static readonly (string, object?) Stream = ("x-queue-type", "stream");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string, long> Starts => new()
    {
        { "first", 0 }, { "last", 9 }, { "4", 4 }, { "1h", 0 }, { "a time", 0 }, { "a past offset below all", 0 },
    };

    [Theory]
    [MemberData(nameof(Starts))]
    public async Task A_consumer_begins_where_it_says(string start, long first)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await PublishAsync(connection, "s", 10);
        object offset = start switch
        {
            "4" => 4,
            "a time" => new AmqpTimestamp(DateTimeOffset.UnixEpoch.ToUnixTimeSeconds() + 1),
            "a past offset below all" => 0L,
            _ => start,
        };

        ChannelReader<BasicDeliverEventArgs> got = await ConsumeAsync(connection, "s", offset);

        for (long number = first; number < 10; number++) AssertIs(number, await got.ReadAsync(Stop));
        await PublishAsync(connection, "s", 1, from: 10);
        AssertIs(10, await got.ReadAsync(Stop));
    }

    [Fact]
    public async Task Without_a_start_or_with_next_only_what_comes_is_delivered()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await PublishAsync(connection, "s", 3);
        ChannelReader<BasicDeliverEventArgs> unsaid = await ConsumeAsync(connection, "s", null);
        ChannelReader<BasicDeliverEventArgs> next = await ConsumeAsync(connection, "s", "next");
        ChannelReader<BasicDeliverEventArgs> later = await ConsumeAsync(connection, "s", 4L);

        await PublishAsync(connection, "s", 2, from: 3);

        AssertIs(3, await unsaid.ReadAsync(Stop));
        AssertIs(3, await next.ReadAsync(Stop));
        AssertIs(4, await later.ReadAsync(Stop));
    }

    [Fact]
    public async Task Many_consumers_each_get_everything_at_their_own_pace()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await PublishAsync(connection, "s", 200);
        await using IChannel slow = await connection.ChannelAsync();
        await slow.BasicQosAsync(0, 1, false, Stop);
        ChannelReader<BasicDeliverEventArgs> stands = await slow.ConsumeAsync("s", arguments: From("first"));
        AssertIs(0, await stands.ReadAsync(Stop)); // and never acknowledges

        IEnumerable<Task> readers = Enumerable.Range(0, 5).Select(async _ =>
        {
            await using IConnection own = await broker.ConnectAsync();
            await using IChannel channel = await own.ChannelAsync();
            await channel.BasicQosAsync(0, 10, false, Stop);
            ChannelReader<BasicDeliverEventArgs> got = await channel.ConsumeAsync("s", arguments: From("first"));
            for (int number = 0; number < 300; number++)
            {
                BasicDeliverEventArgs delivery = await got.ReadAsync(Stop);
                AssertIs(number, delivery);
                await channel.BasicAckAsync(delivery.DeliveryTag, false, Stop);
            }
        });
        await Task.WhenAll([.. readers, PublishAsync(connection, "s", 100, from: 200)]);

        Assert.False(stands.TryRead(out _));
    }

    [Theory]
    [InlineData("ack")]
    [InlineData("nack and requeue")]
    [InlineData("reject")]
    public async Task Whatever_settles_a_message_is_credit_for_the_next_and_it_stays(string how)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await PublishAsync(connection, "s", 6);
        await using IChannel channel = await connection.ChannelAsync();
        await channel.BasicQosAsync(0, 2, false, Stop);
        ChannelReader<BasicDeliverEventArgs> got = await channel.ConsumeAsync("s", arguments: From("first"));
        AssertIs(0, await got.ReadAsync(Stop));
        BasicDeliverEventArgs second = await got.ReadAsync(Stop);

        if (how == "ack") await channel.BasicAckAsync(second.DeliveryTag, multiple: true, Stop);
        else if (how == "reject") await channel.BasicRejectAsync(second.DeliveryTag, requeue: false, Stop);
        else await channel.BasicNackAsync(second.DeliveryTag, multiple: true, requeue: true, Stop);

        BasicDeliverEventArgs third = await got.ReadAsync(Stop);
        AssertIs(2, third);
        Assert.False(third.Redelivered);
        Assert.Equal(6u, (await channel.QueueDeclarePassiveAsync("s", Stop)).MessageCount);
    }

    [Fact]
    public async Task Offsets_and_messages_are_the_same_after_a_restart()
    {
        using TempFolder folder = new();
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            await using IConnection connection = await broker.ConnectAsync();
            await PublishAsync(connection, "s", 50, arguments: ("x-stream-max-segment-size-bytes", 1_000));
        }

        await using RunningBroker next = await RunningBroker.StartOverAsync(folder["data"]);
        await using IConnection again = await next.ConnectAsync();
        ChannelReader<BasicDeliverEventArgs> got = await ConsumeAsync(again, "s", "first");
        for (int number = 0; number < 50; number++) AssertIs(number, await got.ReadAsync(Stop));
        await PublishAsync(again, "s", 1, from: 50, arguments: ("x-stream-max-segment-size-bytes", 1_000));
        AssertIs(50, await got.ReadAsync(Stop));
    }

    [Fact]
    public async Task One_message_goes_to_a_stream_and_to_a_quorum_queue_and_to_a_stream_as_a_dead_letter()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("s", Stream);
        await channel.QueueAsync("graves", Stream);
        await channel.QueueAsync("q", ("x-queue-type", "quorum"), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "graves"));
        await channel.QueueBindAsync("s", "amq.fanout", "", cancellationToken: Stop);
        await channel.QueueBindAsync("q", "amq.fanout", "", cancellationToken: Stop);

        await channel.BasicPublishAsync(
            "amq.fanout", "key", true, new BasicProperties { MessageId = "m", Headers = new Dictionary<string, object?> { ["x-stream-offset"] = 77 } },
            "0"u8.ToArray(), Stop);
        BasicGetResult taken = await channel.AwaitAsync("q");
        await channel.SendAsync("q", "1");
        await channel.BasicRejectAsync((await channel.BasicGetAsync("q", autoAck: false, Stop))!.DeliveryTag, requeue: false, Stop);

        BasicDeliverEventArgs kept = await (await ConsumeAsync(connection, "s", "first")).ReadAsync(Stop);
        AssertIs(0, kept);
        Assert.Equal(("amq.fanout", "key", "m"), (kept.Exchange, kept.RoutingKey, kept.BasicProperties.MessageId));
        Assert.Equal(77, taken.BasicProperties.Headers!["x-stream-offset"]);
        BasicDeliverEventArgs dead = await (await ConsumeAsync(connection, "graves", "first")).ReadAsync(Stop);
        Assert.Equal("1", dead.Text());
        Assert.Equal(0L, dead.BasicProperties.Headers!["x-stream-offset"]);
        Assert.Contains("x-death", dead.BasicProperties.Headers.Keys);
    }

    [Fact]
    public async Task A_filter_lets_its_values_through_and_others_only_when_asked()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("s", Stream);
        foreach (string value in (string[])["a", "b", "", "a", "c"])
            await channel.SendAsync("s", $"of {value}", properties => properties.Headers =
                value.Length == 0 ? null : new Dictionary<string, object?> { ["x-stream-filter-value"] = value });

        ChannelReader<BasicDeliverEventArgs> one = await ConsumeAsync(connection, "s", "first", ("x-stream-filter", "a"));
        ChannelReader<BasicDeliverEventArgs> two = await ConsumeAsync(
            connection, "s", "first", ("x-stream-filter", new List<object> { "b", "c" }), ("x-stream-match-unfiltered", true));

        Assert.Equal(["of a", "of a"], [(await one.ReadAsync(Stop)).Text(), (await one.ReadAsync(Stop)).Text()]);
        Assert.Equal(["of b", "of ", "of c"], [(await two.ReadAsync(Stop)).Text(), (await two.ReadAsync(Stop)).Text(), (await two.ReadAsync(Stop)).Text()]);
        await channel.SendAsync("s", "end", properties => properties.Headers = new Dictionary<string, object?> { ["x-stream-filter-value"] = "a" });
        Assert.Equal("end", (await one.ReadAsync(Stop)).Text());
    }

    [Fact]
    public async Task After_cancel_ok_nothing_is_delivered_and_a_deleted_stream_ends_its_consumers()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await PublishAsync(connection, "s", 5);
        await using IChannel channel = await connection.ChannelAsync();
        await channel.BasicQosAsync(0, 100, false, Stop);
        TaskCompletionSource cancelled = new();
        AsyncEventingBasicConsumer consumer = new(channel);
        consumer.UnregisteredAsync += (_, _) =>
        {
            cancelled.TrySetResult();
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync("s", false, "one", false, false, From("first"), consumer, Stop);
        await channel.BasicConsumeAsync("s", false, "two", false, false, From("first"), new AsyncEventingBasicConsumer(channel), Stop);
        await channel.BasicCancelAsync("two", cancellationToken: Stop);
        Assert.Equal(1u, (await channel.QueueDeclarePassiveAsync("s", Stop)).ConsumerCount);

        await channel.QueueDeleteAsync("s", cancellationToken: Stop);

        await cancelled.Task.WaitAsync(Stop);
        await Assert.ThrowsAsync<OperationInterruptedException>(() => channel.QueueDeclarePassiveAsync("s", Stop));
        await Eventually.TrueAsync(
            "its files are gone", () => Task.FromResult(!Directory.EnumerateFiles(broker.DataFolder, "stream-*").Any()), Stop);
    }

    [Fact]
    public async Task A_transaction_comes_into_a_stream_when_it_is_committed()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("s", Stream);
        await channel.TxSelectAsync(Stop);
        ChannelReader<BasicDeliverEventArgs> got = await ConsumeAsync(connection, "s", "first");
        await channel.SendAsync("s", "0");
        await channel.SendAsync("s", "1");
        await channel.TxRollbackAsync(Stop);
        await channel.SendAsync("s", "0");

        await channel.TxCommitAsync(Stop);

        AssertIs(0, await got.ReadAsync(Stop));
        Assert.False(got.TryRead(out _));
    }

    private static Dictionary<string, object?> From(object? start) => start is null ? [] : new() { ["x-stream-offset"] = start };

    private static async Task PublishAsync(IConnection connection, string stream, int count, int from = 0, params (string, object?)[] arguments)
    {
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync(stream, [Stream, .. arguments]);
        for (int number = from; number < from + count; number++) await channel.SendAsync(stream, $"{number}");
    }

    private static async Task<ChannelReader<BasicDeliverEventArgs>> ConsumeAsync(
        IConnection connection, string stream, object? start, params (string Name, object? Value)[] arguments)
    {
        IChannel channel = await connection.ChannelAsync();
        await channel.BasicQosAsync(0, 500, false, Stop);
        Dictionary<string, object?> all = From(start);
        foreach ((string name, object? value) in arguments) all[name] = value;
        return await channel.ConsumeAsync(stream, arguments: all);
    }

    private static void AssertIs(long offset, BasicDeliverEventArgs delivery)
    {
        Assert.Equal(offset, delivery.BasicProperties.Headers!["x-stream-offset"]);
        Assert.Equal($"{offset}", delivery.Text());
    }
}
