using System.Diagnostics;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;
using Quintet.Chassis.Deadlines;
using Quintet.Chassis.Messaging.Events;
using Quintet.Chassis.Tests.Doubles;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Chassis.Tests.Messaging;

/// <summary>The way of an event from the outbox to its effect, over RabbitMQ.</summary>
public abstract class BrokerTests(RabbitNode rabbit, PostgresServer? server) : OrdersOverRabbit(rabbit, server)
{
    [Fact]
    public async Task An_event_reaches_its_handler_within_its_trace()
    {
        await using OrdersService service = await StartAsync();
        using Activity request = new Activity("request").SetParentId("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").Start();

        string eventId = await service.PlaceAsync(1);

        await SeenAsync(service, 1);
        Assert.Equal((eventId, 1L, "4bf92f3577b34da6a3ce929d0e0e4736"), Assert.Single(Script.Handled));
        await AllSentAsync(service);
    }

    [Fact]
    public async Task An_event_delivered_twice_takes_effect_once()
    {
        await using OrdersService service = await StartAsync();
        byte[] body = EventEnvelope.Write("event-1", "orders", DateTimeOffset.UnixEpoch, new OrderPlaced(5), OrderPlaced.EventType);

        await PublishAsync(body);
        await PublishAsync(body);
        await PublishAsync(EventEnvelope.Write("event-2", "orders", DateTimeOffset.UnixEpoch, new OrderPlaced(6), OrderPlaced.EventType));

        await SeenAsync(service, 5);
        await SeenAsync(service, 6);
        await DrainedAsync(Queue);
        Assert.Equal(2, await service.WithAsync((db, _) => db.Set<InboxRow>().CountAsync(Cancellation)));
        Assert.Equal(0u, await CountAsync($"{Queue}.dead"));
    }

    [Fact]
    public async Task A_failed_event_is_tried_again_after_a_second()
    {
        Script.Before = attempt =>
        {
            if (attempt == 1) throw new InvalidOperationException("not today");
        };
        await using OrdersService service = await StartAsync();

        long started = Stopwatch.GetTimestamp();
        await service.PlaceAsync(1);

        await SeenAsync(service, 1);
        Assert.Equal(2, Script.Handled.Count);
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromSeconds(0.8));
        Assert.Equal(Script.Handled.First().EventId, Script.Handled.Last().EventId);
        Assert.Equal(Script.Handled.First().TraceId, Script.Handled.Last().TraceId);
    }

    [Fact]
    public async Task A_handlers_calls_keep_to_the_time_that_its_handling_has()
    {
        TimeSpan? left = null;
        Script.Before = _ => left = Deadline.Current?.Left;
        await using OrdersService service = await StartAsync("Messaging:HandlingMax=00:00:40");

        await service.PlaceAsync(1);
        await SeenAsync(service, 1);

        Assert.InRange(Assert.NotNull(left), TimeSpan.FromTicks(1), TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task A_rejected_event_is_dead_at_once_with_its_reason()
    {
        Script.Before = _ => throw new RejectedEventException("no such product");
        await using OrdersService service = await StartAsync();

        await service.PlaceAsync(1);

        BasicGetResult dead = await DeadAsync();
        Assert.Equal("RejectedEventException", Header(dead, "x-quintet-reason"));
        Assert.Equal("no such product", Header(dead, "x-quintet-reason-text"));
        Assert.Equal(Queue, Header(dead, "x-quintet-queue"));
        Assert.Single(Script.Handled);
    }

    [Fact]
    public async Task What_is_no_cloud_event_is_dead_at_once()
    {
        await using OrdersService service = await StartAsync();

        await PublishAsync("not even JSON"u8.ToArray());

        BasicGetResult dead = await DeadAsync();
        Assert.Equal("not even JSON", Encoding.UTF8.GetString(dead.Body.Span));
        Assert.Empty(Script.Handled);
    }

    [Fact]
    public async Task An_event_waits_for_a_first_subscriber()
    {
        await using OrdersService publisher = await StartPublisherAsync();
        for (int id = 1; id <= 20; id++) await publisher.PlaceAsync(id);
        await Eventually.TrueAsync(
            "the broker has returned it", async () => (await ReadyAsync(publisher)).Contains("first subscriber", StringComparison.Ordinal), Cancellation);

        await using IChannel channel = await Connection.CreateChannelAsync(cancellationToken: Cancellation);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: Cancellation);
        await channel.QueueBindAsync(Queue, "events", OrderPlaced.EventType, cancellationToken: Cancellation);

        for (int id = 1; id <= 20; id++)
            await Eventually.GetAsync($"event {id} arrives", () => channel.BasicGetAsync(Queue, autoAck: true, Cancellation), Cancellation);
    }

    [Fact]
    public async Task An_event_that_the_broker_cannot_take_does_not_hold_up_the_others()
    {
        await using OrdersService service = await StartAsync();
        await service.PlaceAsync(1);
        await SeenAsync(service, 1);

        // RabbitMQ closes the channel over a message above its limit.
        await service.WithAsync(async (db, outbox) =>
        {
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            db.Add(new OutboxRow
            {
                EventId = "huge",
                Type = OrderPlaced.EventType,
                Subject = "orders/huge",
                Body = new byte[RabbitNode.MessageBytesMax + 1],
                AddedAt = now,
                NotBefore = now,
            });
            for (int id = 2; id <= 5; id++) outbox.Add(new OrderPlaced(id));
            return await db.SaveChangesAsync(Cancellation);
        });

        for (int id = 2; id <= 5; id++) await SeenAsync(service, id);
        OutboxRow huge = await service.WithAsync((db, _) => db.Set<OutboxRow>().SingleAsync(row => row.EventId == "huge", Cancellation));
        Assert.Equal(OutboxState.Waiting, huge.State);
        Assert.True(huge.Attempts > 0);
    }

    [Fact]
    public async Task Events_survive_a_line_that_is_cut()
    {
        await using CutLine line = new(RabbitPort);
        await using OrdersService service = await StartAsync($"AMQP_URL=amqp://guest:guest@127.0.0.1:{line.Port}/%2F");
        await service.PlaceAsync(1);
        await SeenAsync(service, 1);

        line.Cut();
        for (int id = 2; id <= 50; id++) await service.PlaceAsync(id);
        line.Mend();

        for (int id = 2; id <= 50; id++) await SeenAsync(service, id);
        await AllSentAsync(service);
    }

    private static async Task<string> ReadyAsync(OrdersService service)
    {
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = service.Url };
        return await client.GetStringAsync("/health/ready", Cancellation);
    }

    private static Task SeenAsync(OrdersService service, long id) => Eventually.TrueAsync(
        $"order {id} took effect", () => service.WithAsync((db, _) => db.Orders.AnyAsync(order => order.Number == $"seen-{id}", Cancellation)), Cancellation);

    private static Task AllSentAsync(OrdersService service) => Eventually.TrueAsync(
        "every row is marked sent",
        () => service.WithAsync((db, _) => db.Set<OutboxRow>().AllAsync(row => row.State == OutboxState.Sent, Cancellation)),
        Cancellation);

    private async Task PublishAsync(byte[] body)
    {
        CreateChannelOptions confirmed = new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using IChannel channel = await Connection.CreateChannelAsync(confirmed, Cancellation);
        await Eventually.GetAsync(
            "the queue is bound",
            async () =>
            {
                await channel.BasicPublishAsync("events", OrderPlaced.EventType, mandatory: true, new BasicProperties(), body, Cancellation);
                return "yes";
            },
            Cancellation);
    }

    private async Task DrainedAsync(string queue) =>
        await Eventually.TrueAsync($"{queue} is empty", async () => await CountAsync(queue) == 0, Cancellation);

    private Task<BasicGetResult> DeadAsync() => Eventually.GetAsync(
        "a dead letter", () => AskAsync(channel => channel.BasicGetAsync($"{Queue}.dead", autoAck: true, Cancellation)), Cancellation);

    private static string Header(BasicGetResult message, string name) => Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers![name]!);

    [Collection(RabbitNode.Events)]
    public sealed class OnSqlite(RabbitNode rabbit) : BrokerTests(rabbit, null);

    [Collection(RabbitNode.Events)]
    public sealed class OnPostgres(RabbitNode rabbit, PostgresServer server) : BrokerTests(rabbit, server);
}
