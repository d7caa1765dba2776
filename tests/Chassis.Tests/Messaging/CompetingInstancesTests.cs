using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;
using Quintet.Chassis.Messaging.Events;
using Quintet.Chassis.Tests.Doubles;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Xunit;

namespace Quintet.Chassis.Tests.Messaging;

/// <summary>Several instances of one service on one database and one broker: each may relay and handle, and nothing happens out of order or twice.</summary>
public abstract class CompetingInstancesTests(RabbitNode rabbit, PostgresServer? server) : OrdersOverRabbit(rabbit, server)
{
    [Fact]
    public async Task Events_of_one_subject_go_out_in_order_whoever_adds_and_relays_them_and_though_the_line_is_cut()
    {
        const int subjects = 4, steps = 40;
        await using CutLine line = new(RabbitPort);
        await using OrdersService first = await StartInstanceAsync("one", line.Port), second = await StartInstanceAsync("two", line.Port);
        ConcurrentQueue<(long Subject, int Step)> arrived = [];
        await using IChannel channel = await ListenAsync(arrived);

        // One after the other within a subject, as a service changes one thing; the subjects side by side.
        await Task.WhenAll(Enumerable.Range(1, subjects).Select(async subject =>
        {
            for (int step = 1; step <= steps; step++)
            {
                await (step % 2 == 0 ? first : second).WithAsync((db, outbox) =>
                {
                    outbox.Add(new OrderMoved(subject, step));
                    return db.SaveChangesAsync(Cancellation);
                });
                if (subject == 1 && step % 10 == 0) line.Cut();
                if (subject == 2 && step % 10 == 5) line.Mend();
            }
        }));
        line.Mend();

        await Eventually.TrueAsync("all arrived", () => Task.FromResult(arrived.Distinct().Count() == subjects * steps), Cancellation);
        // A repetition may come at any time; what comes for the first time comes in order.
        foreach (var subject in arrived.Distinct().GroupBy(moved => moved.Subject))
            Assert.Equal(Enumerable.Range(1, steps), subject.Select(moved => moved.Step));
    }

    [Fact]
    public async Task An_event_delivered_many_times_to_several_instances_at_once_takes_effect_once()
    {
        const int events = 20, times = 15;
        Script.NumberOf = id => $"seen-{id}-{Guid.NewGuid():N}";
        await using OrdersService one = await StartInstanceAsync("one"), two = await StartInstanceAsync("two"), three = await StartInstanceAsync("three");
        int[] deliveries = [.. Enumerable.Range(1, events).SelectMany(id => Enumerable.Repeat(id, times))];
        new Random(7).Shuffle(deliveries);

        await PublishAsync(deliveries);

        await Eventually.TrueAsync(
            "everything is handled",
            async () => await CountAsync(Queue) == 0 && await one.WithAsync((db, _) => db.Set<InboxRow>().CountAsync(Cancellation)) == events,
            Cancellation);
        await Task.WhenAll(((OrdersService[])[one, two, three]).Select(service => service.App.StopAsync(Cancellation))); // with what is in hand
        string[] effects = await one.WithAsync((db, _) => db.Orders.Select(order => order.Number).ToArrayAsync(Cancellation));
        Assert.Equal(Enumerable.Range(1, events), effects.Select(number => int.Parse(number.Split('-')[1])).Order());
        Assert.Equal(0u, await CountAsync(Queue));
        Assert.Equal(0u, await CountAsync($"{Queue}.dead"));
        Assert.Equal(0u, await CountAsync($"{Queue}.retry.1s"));
    }

    private Task<OrdersService> StartInstanceAsync(string instance, int? port = null) =>
        StartAsync($"AMQP_URL=amqp://guest:guest@127.0.0.1:{port ?? RabbitPort}/%2F", $"QUINTET_INSTANCE={Name}-{instance}");

    private async Task<IChannel> ListenAsync(ConcurrentQueue<(long Subject, int Step)> arrived)
    {
        IChannel channel = await Connection.CreateChannelAsync(cancellationToken: Cancellation);
        string queue = await channel.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: true, cancellationToken: Cancellation);
        await channel.QueueBindAsync(queue, "events", OrderMoved.EventType, cancellationToken: Cancellation);
        AsyncEventingBasicConsumer consumer = new(channel);
        consumer.ReceivedAsync += (_, delivered) =>
        {
            JsonNode data = JsonNode.Parse(delivered.Body.Span)!["data"]!;
            arrived.Enqueue(((long)data["id"]!, (int)data["step"]!));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, Cancellation);
        return channel;
    }

    private async Task PublishAsync(IEnumerable<int> ids)
    {
        CreateChannelOptions confirmed = new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using IChannel channel = await Connection.CreateChannelAsync(confirmed, Cancellation);
        await Eventually.TrueAsync("the queue is there", async () => await CountAsync(Queue) == 0, Cancellation);
        // RabbitMQ refuses some while the leader of a new quorum queue is being found.
        await Task.WhenAll(ids.Select(id => Eventually.GetAsync($"event {id} is taken", () => SendAsync(channel, id), Cancellation)));
    }

    private async Task<string?> SendAsync(IChannel channel, int id)
    {
        byte[] body = EventEnvelope.Write($"event-{id}", "orders", DateTimeOffset.UnixEpoch, new OrderPlaced(id), OrderPlaced.EventType);
        await channel.BasicPublishAsync("", Queue, mandatory: true, new BasicProperties { Persistent = true }, body, Cancellation);
        return "taken";
    }

    private sealed record OrderMoved(long Id, int Step) : IPublishedEvent
    {
        public static string EventType => "orders.order-moved";

        string IPublishedEvent.Subject => $"orders/{Id}";
    }

    [Collection(RabbitNode.Events)]
    public sealed class OnSqlite(RabbitNode rabbit) : CompetingInstancesTests(rabbit, null);

    [Collection(RabbitNode.Events)]
    public sealed class OnPostgres(RabbitNode rabbit, PostgresServer server) : CompetingInstancesTests(rabbit, server);
}
