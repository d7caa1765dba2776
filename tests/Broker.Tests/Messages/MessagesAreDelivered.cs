using System.Threading.Channels;
using Quintet.Broker.Tests.Systems;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Messages;

public class MessagesAreDelivered
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_consumer_gets_at_most_its_prefetch()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        for (int number = 0; number < 10; number++) await channel.SendAsync("q", $"{number}");
        await channel.BasicQosAsync(0, 3, false, Stop);

        ChannelReader<BasicDeliverEventArgs> deliveries = await channel.ConsumeAsync("q");

        List<BasicDeliverEventArgs> first = [await deliveries.ReadAsync(Stop), await deliveries.ReadAsync(Stop), await deliveries.ReadAsync(Stop)];
        Assert.Equal(7u, (await channel.QueueDeclarePassiveAsync("q", Stop)).MessageCount);
        Assert.False(deliveries.TryRead(out _));
        await channel.BasicAckAsync(first[1].DeliveryTag, multiple: true, Stop);
        Assert.Equal("3", (await deliveries.ReadAsync(Stop)).Text());
        Assert.Equal("4", (await deliveries.ReadAsync(Stop)).Text());
        Assert.Equal(5u, (await channel.QueueDeclarePassiveAsync("q", Stop)).MessageCount);
    }

    [Fact]
    public async Task A_global_prefetch_holds_for_all_consumers_of_the_channel()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("one");
        await channel.QueueAsync("two");
        foreach (string queue in (string[])["one", "two", "one", "two"]) await channel.SendAsync(queue, queue);
        await channel.BasicQosAsync(0, 2, true, Stop);

        ChannelReader<BasicDeliverEventArgs> one = await channel.ConsumeAsync("one");
        ChannelReader<BasicDeliverEventArgs> two = await channel.ConsumeAsync("two");

        BasicDeliverEventArgs first = await one.ReadAsync(Stop);
        await one.ReadAsync(Stop);
        Assert.Equal(2u, (await channel.QueueDeclarePassiveAsync("two", Stop)).MessageCount);
        await channel.BasicAckAsync(first.DeliveryTag, false, Stop);
        Assert.Equal("two", (await two.ReadAsync(Stop)).Text());
    }

    [Fact]
    public async Task What_was_asked_for_with_get_takes_no_room_of_a_global_prefetch()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        for (int number = 0; number < 4; number++) await channel.SendAsync("q", $"{number}");
        await channel.BasicQosAsync(0, 1, true, Stop);
        ChannelReader<BasicDeliverEventArgs> deliveries = await channel.ConsumeAsync("q");
        BasicDeliverEventArgs first = await deliveries.ReadAsync(Stop);
        BasicGetResult asked = (await channel.BasicGetAsync("q", autoAck: false, Stop))!;

        await channel.BasicAckAsync(first.DeliveryTag, multiple: false, Stop);
        Assert.Equal("2", (await deliveries.ReadAsync(Stop)).Text());
        await channel.BasicAckAsync(asked.DeliveryTag, multiple: false, Stop);

        Assert.Equal(1u, (await channel.QueueDeclarePassiveAsync("q", Stop)).MessageCount);
        Assert.False(deliveries.TryRead(out _));
    }

    [Fact]
    public async Task Consumers_take_turns_and_a_higher_priority_goes_first()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        ChannelReader<BasicDeliverEventArgs> low = await channel.ConsumeAsync("q", autoAck: true);
        ChannelReader<BasicDeliverEventArgs> other = await channel.ConsumeAsync("q", autoAck: true);
        await channel.SendAsync("q", "1");
        await channel.SendAsync("q", "2");
        string[] turns = [(await low.ReadAsync(Stop)).Text(), (await other.ReadAsync(Stop)).Text()];

        ChannelReader<BasicDeliverEventArgs> high = await channel.ConsumeAsync("q", autoAck: true, new() { ["x-priority"] = 10 });
        await channel.SendAsync("q", "3");
        await channel.SendAsync("q", "4");

        Assert.Equal(["1", "2"], turns.Order());
        Assert.Equal("3", (await high.ReadAsync(Stop)).Text());
        Assert.Equal("4", (await high.ReadAsync(Stop)).Text());
    }

    [Fact]
    public async Task Requeued_messages_go_back_to_their_place()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        foreach (string body in (string[])["a", "b", "c", "d"]) await channel.SendAsync("q", body);
        ulong a = (await channel.BasicGetAsync("q", false, Stop))!.DeliveryTag;
        ulong b = (await channel.BasicGetAsync("q", false, Stop))!.DeliveryTag;
        ulong c = (await channel.BasicGetAsync("q", false, Stop))!.DeliveryTag;

        await channel.BasicNackAsync(c, false, requeue: true, Stop);
        await channel.BasicNackAsync(a, false, requeue: true, Stop);
        await channel.BasicAckAsync(b, false, Stop);

        Assert.Equal(["a", "c", "d"], await channel.DrainAsync("q"));
    }

    [Fact]
    public async Task A_closed_connection_gives_back_what_it_had()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        await channel.SendAsync("q", "a");
        await using (IConnection other = await broker.ConnectAsync())
        {
            await using IChannel taking = await other.ChannelAsync();
            Assert.NotNull(await taking.BasicGetAsync("q", false, Stop));
        }

        BasicGetResult again = await channel.AwaitAsync("q");

        Assert.True(again.Redelivered);
    }

    [Fact]
    public async Task A_mandatory_message_without_a_queue_comes_back_before_its_confirm()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();

        PublishException returned = await Assert.ThrowsAnyAsync<PublishException>(
            () => channel.BasicPublishAsync("", "nowhere", mandatory: true, "x"u8.ToArray(), Stop).AsTask());

        Assert.True(returned.IsReturn);
    }

    [Fact]
    public async Task A_full_queue_that_rejects_gives_a_nack_and_takes_again_when_there_is_room()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q", ("x-max-length", 2), ("x-overflow", "reject-publish"));
        await channel.SendAsync("q", "a");
        await channel.SendAsync("q", "b");

        PublishException refused = await Assert.ThrowsAnyAsync<PublishException>(() => channel.SendAsync("q", "c").AsTask());
        Assert.False(refused.IsReturn);
        Assert.Equal("a", await channel.TakeAsync("q"));
        await channel.SendAsync("q", "d");

        Assert.Equal(["b", "d"], await channel.DrainAsync("q"));
    }

    [Fact]
    public async Task A_full_queue_drops_its_oldest()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("count", ("x-max-length", 2));
        await channel.QueueAsync("bytes", ("x-max-length-bytes", 5));
        foreach (string body in (string[])["aaa", "bb", "ccc"])
        {
            await channel.SendAsync("count", body);
            await channel.SendAsync("bytes", body);
        }

        Assert.Equal(["bb", "ccc"], await channel.DrainAsync("count"));
        Assert.Equal(["bb", "ccc"], await channel.DrainAsync("bytes"));
    }

    [Fact]
    public async Task A_backlog_larger_than_the_cache_arrives_whole_and_in_order()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Storage:CacheBytes", "1048576"), ("Broker:Limits:OutgoingBytes", "65536"));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        string filler = new('x', 4096);
        await Task.WhenAll(Enumerable.Range(0, 2000).Select(number => channel.SendAsync("q", $"{number:D5}{filler}").AsTask()));
        await channel.BasicQosAsync(0, 100, false, Stop);

        ChannelReader<BasicDeliverEventArgs> deliveries = await channel.ConsumeAsync("q");

        for (int number = 0; number < 2000; number++)
        {
            BasicDeliverEventArgs delivery = await deliveries.ReadAsync(Stop);
            Assert.Equal($"{number:D5}", delivery.Text()[..5]);
            Assert.Equal(4101, delivery.Body.Length);
            if (number % 50 == 49) await channel.BasicAckAsync(delivery.DeliveryTag, multiple: true, Stop);
        }

        Assert.Equal(0u, (await channel.QueueDeclarePassiveAsync("q", Stop)).MessageCount);
    }

    [Fact]
    public async Task A_slow_consumer_without_a_prefetch_does_not_fill_the_memory_and_gets_all()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:OutgoingBytes", "16384"));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        await Task.WhenAll(Enumerable.Range(0, 3000).Select(number => channel.SendAsync("q", $"{number:D5}{new string('y', 1000)}").AsTask()));

        ChannelReader<BasicDeliverEventArgs> deliveries = await channel.ConsumeAsync("q", autoAck: true);

        for (int number = 0; number < 3000; number++) Assert.Equal($"{number:D5}", (await deliveries.ReadAsync(Stop)).Text()[..5]);
    }

    [Fact]
    public async Task A_message_of_many_frames_arrives_as_it_was()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        byte[] body = new byte[1_000_003];
        new Random(7).NextBytes(body);

        await channel.BasicPublishAsync("", "q", false, new BasicProperties { Persistent = true, ContentType = "application/octet-stream" }, body, Stop);

        BasicGetResult got = (await channel.BasicGetAsync("q", true, Stop))!;
        Assert.Equal(body, got.Body.ToArray());
        Assert.Equal("application/octet-stream", got.BasicProperties.ContentType);
    }

    [Fact]
    public async Task A_single_active_consumer_hands_over_when_it_goes()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q", ("x-single-active-consumer", true));
        await using IChannel first = await connection.ChannelAsync();
        await using IChannel second = await connection.ChannelAsync();
        ChannelReader<BasicDeliverEventArgs> active = await first.ConsumeAsync("q");
        ChannelReader<BasicDeliverEventArgs> waiting = await second.ConsumeAsync("q");
        await channel.SendAsync("q", "a");
        await channel.SendAsync("q", "b");
        Assert.Equal("a", (await active.ReadAsync(Stop)).Text());
        Assert.Equal("b", (await active.ReadAsync(Stop)).Text());
        Assert.False(waiting.TryRead(out _));

        await first.CloseAsync(Stop);

        Assert.Equal("a", (await waiting.ReadAsync(Stop)).Text());
        Assert.Equal("b", (await waiting.ReadAsync(Stop)).Text());
    }
}
