using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Files;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Messages;

public class ConfirmedMessagesSurviveAKill
{
    [Fact]
    public async Task Confirmed_messages_are_there_once_and_in_order_after_a_kill()
    {
        using TempFolder folder = new();
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("orders");
        for (int number = 0; number < 200; number++) await channel.SendAsync("orders", $"{number}");

        await using RunningBroker next = await RunningBroker.StartOverAsync(broker.CopyAsAfterAKill(folder));

        await using IConnection again = await next.ConnectAsync();
        await using IChannel reader = await again.ChannelAsync();
        Assert.Equal(Enumerable.Range(0, 200).Select(number => $"{number}"), await reader.DrainAsync("orders"));
    }

    [Fact]
    public async Task A_copy_taken_at_any_moment_of_a_flood_holds_all_that_was_confirmed()
    {
        using TempFolder folder = new();
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Storage:SegmentBytes", "65536"));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("flood", ("x-queue-type", "quorum"));
        for (int round = 0; round < 5; round++)
        {
            await Task.WhenAll(Enumerable.Range(round * 300, 300).Select(number => channel.SendAsync("flood", $"{number}").AsTask()));
            Task more = Task.WhenAll(Enumerable.Range(10_000 + round * 300, 300).Select(number => channel.SendAsync("flood", $"{number}").AsTask()));

            await using RunningBroker next = await RunningBroker.StartOverAsync(broker.CopyAsAfterAKill(folder), ("Broker:Storage:SegmentBytes", "65536"));

            await more;
            await using IConnection again = await next.ConnectAsync();
            await using IChannel reader = await again.ChannelAsync();
            List<string> found = await reader.DrainAsync("flood");
            Assert.Equal(found.Count, found.Distinct().Count());
            Assert.Empty(Enumerable.Range(0, (round + 1) * 300).Select(number => $"{number}").Except(found));
        }
    }

    [Fact]
    public async Task What_was_acknowledged_does_not_come_back_after_a_stop()
    {
        using TempFolder folder = new();
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            await using IConnection connection = await broker.ConnectAsync();
            await using IChannel channel = await connection.ConfirmingAsync();
            await channel.QueueAsync("orders");
            foreach (string body in (string[])["a", "b", "c"]) await channel.SendAsync("orders", body);
            BasicGetResult first = (await channel.BasicGetAsync("orders", false, TestContext.Current.CancellationToken))!;
            await channel.BasicAckAsync(first.DeliveryTag, false, TestContext.Current.CancellationToken);
            await channel.BasicGetAsync("orders", false, TestContext.Current.CancellationToken); // b: delivered, not settled
        }

        await using RunningBroker next = await RunningBroker.StartOverAsync(folder["data"]);

        await using IConnection again = await next.ConnectAsync();
        await using IChannel reader = await again.ChannelAsync();
        Assert.Equal(["b", "c"], await reader.DrainAsync("orders"));
    }

    [Fact]
    public async Task Durable_things_come_back_and_others_do_not()
    {
        using TempFolder folder = new();
        CancellationToken stop = TestContext.Current.CancellationToken;
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            await using IConnection connection = await broker.ConnectAsync();
            await using IChannel channel = await connection.ConfirmingAsync();
            await channel.ExchangeDeclareAsync("events", "topic", durable: true, cancellationToken: stop);
            await channel.ExchangeDeclareAsync("more", "fanout", durable: true, cancellationToken: stop);
            await channel.ExchangeBindAsync("more", "events", "users.#", cancellationToken: stop);
            await channel.QueueAsync("kept", ("x-message-ttl", 600_000));
            await channel.QueueBindAsync("kept", "more", "", cancellationToken: stop);
            await channel.QueueDeclareAsync("transient", false, false, false, cancellationToken: stop);
            await channel.QueueDeclareAsync("mine", true, exclusive: true, false, cancellationToken: stop);
            await channel.QueueAsync("deleted");
            await channel.SendAsync("deleted", "gone");
            await channel.QueueDeleteAsync("deleted", cancellationToken: stop);
            await channel.SendAsync("kept", "not persistent", properties => properties.Persistent = false);
        }

        await using RunningBroker next = await RunningBroker.StartOverAsync(folder["data"]);

        await using IConnection again = await next.ConnectAsync();
        await using IChannel reader = await again.ConfirmingAsync();
        await reader.BasicPublishAsync("events", "users.user-created", mandatory: true, "x"u8.ToArray(), stop);
        Assert.Equal(["x"], await reader.DrainAsync("kept"));
        await reader.QueueAsync("kept", ("x-message-ttl", 600_000));
        foreach (string name in (string[])["transient", "mine", "deleted"])
        {
            await using IChannel asking = await again.ChannelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => asking.QueueDeclarePassiveAsync(name, stop));
            Assert.Equal($"NOT_FOUND - no queue '{name}' in vhost '/'", asking.CloseReason!.ReplyText);
        }
    }

    [Fact]
    public async Task Delivery_counts_expiry_and_priority_survive_a_restart()
    {
        using TempFolder folder = new();
        CancellationToken stop = TestContext.Current.CancellationToken;
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            await using IConnection connection = await broker.ConnectAsync();
            await using IChannel channel = await connection.ConfirmingAsync();
            await channel.QueueAsync("counted", ("x-queue-type", "quorum"));
            await channel.QueueAsync("ordered", ("x-max-priority", 5));
            await channel.QueueAsync("short");
            await channel.SendAsync("counted", "a");
            for (int turn = 0; turn < 3; turn++)
                await channel.BasicNackAsync((await channel.BasicGetAsync("counted", false, stop))!.DeliveryTag, false, requeue: true, stop);
            await channel.SendAsync("ordered", "low", properties => properties.Priority = 1);
            await channel.SendAsync("ordered", "high", properties => properties.Priority = 4);
            await channel.SendAsync("short", "expires", properties => properties.Expiration = "1");
        }

        await using RunningBroker next = await RunningBroker.StartOverAsync(folder["data"]);

        await using IConnection again = await next.ConnectAsync();
        await using IChannel reader = await again.ChannelAsync();
        BasicGetResult counted = (await reader.BasicGetAsync("counted", true, stop))!;
        Assert.Equal("3", counted.BasicProperties.Header("x-delivery-count"));
        Assert.Equal(["high", "low"], await reader.DrainAsync("ordered"));
        Assert.Empty(await reader.DrainAsync("short"));
    }
}
