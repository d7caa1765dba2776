using System.Collections.Concurrent;
using System.Text;
using MassTransit;
using Quintet.Frameworks.Queues;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Frameworks.MassTransitBus;

/// <summary>MassTransit with the topology that it makes by itself: what its users do on any day.</summary>
public sealed class MassTransitTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_reaches_every_service_once_and_one_of_its_instances()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        ConcurrentQueue<int> mails = [], billsOne = [], billsTwo = [];
        await using RunningBus mail = await SubscribeAsync(broker, "mails", mails);
        await using RunningBus billing = await SubscribeAsync(broker, "bills", billsOne), second = await SubscribeAsync(broker, "bills", billsTwo);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(number => mail.Bus.Publish(new OrderPlaced(number), Cancellation)));

        await Eventually.TrueAsync(
            "all are delivered",
            () => Task.FromResult(mails.Count >= 200 && billsOne.Count + billsTwo.Count >= 200),
            Cancellation,
            () => $"{mails.Count} mails, {billsOne.Count} and {billsTwo.Count} bills");
        Assert.Equal(Enumerable.Range(0, 200), mails.Order());
        Assert.Equal(Enumerable.Range(0, 200), billsOne.Concat(billsTwo).Order());
        Assert.NotEmpty(billsOne);
        Assert.NotEmpty(billsTwo);
    }

    [Fact]
    public async Task A_request_is_answered_and_a_failed_one_brings_the_fault()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await using RunningBus prices = await RunningBus.StartAsync(broker, Cancellation, factory => factory.ReceiveEndpoint("prices", endpoint =>
            endpoint.Handler<PriceAsked>(context => context.Message.Number < 0
                ? throw new InvalidOperationException("no such number")
                : context.RespondAsync(new PriceGiven(context.Message.Number, context.Message.Number * 1.5m)))));
        await using RunningBus shop = await RunningBus.StartAsync(broker, Cancellation);
        IRequestClient<PriceAsked> client = shop.Bus.CreateRequestClient<PriceAsked>(Eventually.Deadline);

        Response<PriceGiven>[] answers = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(number => client.GetResponse<PriceGiven>(new PriceAsked(number), Cancellation)));
        RequestFaultException fault = await Assert.ThrowsAsync<RequestFaultException>(
            () => client.GetResponse<PriceGiven>(new PriceAsked(-1), Cancellation));

        Assert.Equal(Enumerable.Range(0, 50).Select(number => new PriceGiven(number, number * 1.5m)), answers.Select(answer => answer.Message));
        Assert.Equal("no such number", fault.Fault!.Exceptions[0].Message);
        Assert.Equal("no such number", HeaderOf(await PlainQueue.TakeAsync(broker, "prices_error", Cancellation), "MT-Fault-Message"));
    }

    [Fact]
    public async Task A_message_that_fails_comes_again_later_and_ends_in_the_error_queue()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        ConcurrentQueue<int> attempts = [], done = [];
        await using RunningBus bus = await RunningBus.StartAsync(broker, Cancellation, factory => factory.ReceiveEndpoint("orders", endpoint =>
        {
            endpoint.UseDelayedRedelivery(redelivery => redelivery.Intervals(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200)));
            endpoint.UseMessageRetry(retry => retry.Immediate(1));
            endpoint.Handler<OrderPlaced>(context =>
            {
                attempts.Enqueue(context.Message.Number);
                bool isLastChance = context.GetRedeliveryCount() == 2 && context.GetRetryAttempt() == 1;
                if (context.Message.Number == 13 || !isLastChance) throw new InvalidOperationException($"attempt on {context.Message.Number}");
                done.Enqueue(context.Message.Number);
                return Task.CompletedTask;
            });
        }));

        await bus.Bus.Publish(new OrderPlaced(12), Cancellation);
        await bus.Bus.Publish(new OrderPlaced(13), Cancellation);
        BasicGetResult error = await PlainQueue.TakeAsync(broker, "orders_error", Cancellation);
        await Eventually.TrueAsync("the other one is done", () => Task.FromResult(!done.IsEmpty), Cancellation);

        Assert.Equal("attempt on 13", HeaderOf(error, "MT-Fault-Message"));
        Assert.Equal([12], done);
        Assert.Equal(6, attempts.Count(number => number == 12)); // three deliveries of two attempts each
        Assert.Equal(6, attempts.Count(number => number == 13));
        Assert.Equal(0u, await PlainQueue.CountAsync(broker, "orders", Cancellation));
    }

    [Fact]
    public async Task A_message_nobody_at_its_endpoint_knows_is_moved_to_the_skipped_queue()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await using RunningBus bus = await SubscribeAsync(broker, "orders", []);
        ISendEndpoint orders = await bus.Bus.GetSendEndpoint(new Uri("queue:orders"));

        await orders.Send(new PriceAsked(7), Cancellation);

        BasicGetResult skipped = await PlainQueue.TakeAsync(broker, "orders_skipped", Cancellation);
        Assert.Contains("\"number\": 7", Encoding.UTF8.GetString(skipped.Body.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scheduled_messages_come_when_they_are_due_and_in_that_order()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        ConcurrentQueue<(int Number, DateTime At)> received = [];
        await using RunningBus bus = await RunningBus.StartAsync(broker, Cancellation, factory => factory.ReceiveEndpoint("orders", endpoint =>
        {
            endpoint.ConcurrentMessageLimit = 1;
            endpoint.Handler<OrderPlaced>(context =>
            {
                received.Enqueue((context.Message.Number, TimeProvider.System.GetUtcNow().UtcDateTime));
                return Task.CompletedTask;
            });
        }));
        IMessageScheduler scheduler = bus.Bus.CreateDelayedMessageScheduler();
        DateTime start = TimeProvider.System.GetUtcNow().UtcDateTime;

        foreach (int number in (int[])[3, 1, 2])
            await scheduler.SchedulePublish(start.AddMilliseconds(1000 * number), new OrderPlaced(number), Cancellation);
        await Eventually.TrueAsync("all three came", () => Task.FromResult(received.Count >= 3), Cancellation);

        Assert.Equal([1, 2, 3], received.Select(message => message.Number));
        // What MassTransit subtracted for its own way to the broker is less than these 50 ms.
        Assert.All(received, message => Assert.True(message.At >= start.AddMilliseconds((1000 * message.Number) - 50), $"{message} at {start:O}"));
    }

    [Fact]
    public async Task A_single_active_consumer_of_a_quorum_queue_hands_over_in_order()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        ConcurrentQueue<int> first = [], second = [];
        await using RunningBus publisher = await RunningBus.StartAsync(broker, Cancellation);
        RunningBus active = await SubscribeAsync(broker, "orders", first, InOrder);
        await using RunningBus waiting = await SubscribeAsync(broker, "orders", second, InOrder);

        await PublishAsync(publisher, 0, 50);
        await Eventually.TrueAsync("the first half", () => Task.FromResult(first.Count >= 50), Cancellation);
        await active.DisposeAsync();
        await PublishAsync(publisher, 50, 50);
        await Eventually.TrueAsync("the second half", () => Task.FromResult(second.Count >= 50), Cancellation);

        Assert.Equal(Enumerable.Range(0, 50), first);
        Assert.Equal(Enumerable.Range(50, 50), second);

        static void InOrder(IRabbitMqReceiveEndpointConfigurator endpoint)
        {
            endpoint.SetQuorumQueue();
            endpoint.SingleActiveConsumer = true;
            endpoint.ConcurrentMessageLimit = 1;
        }
    }

    private static async Task PublishAsync(RunningBus publisher, int first, int count)
    {
        for (int number = first; number < first + count; number++) await publisher.Bus.Publish(new OrderPlaced(number), Cancellation);
    }

    private static Task<RunningBus> SubscribeAsync(
        BoxProcess broker, string queue, ConcurrentQueue<int> received, Action<IRabbitMqReceiveEndpointConfigurator>? configure = null) =>
        RunningBus.StartAsync(broker, Cancellation, factory => factory.ReceiveEndpoint(queue, endpoint =>
        {
            configure?.Invoke(endpoint);
            endpoint.Handler<OrderPlaced>(context =>
            {
                received.Enqueue(context.Message.Number);
                return Task.CompletedTask;
            });
        }));

    private static string HeaderOf(BasicGetResult message, string header) => Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers![header]!);
}
