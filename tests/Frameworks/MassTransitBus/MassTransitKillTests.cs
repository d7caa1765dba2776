using System.Collections.Concurrent;
using MassTransit;
using Quintet.Frameworks.Queues;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Frameworks.MassTransitBus;

/// <summary>The broker is killed with SIGKILL and started again while a bus publishes and consumes; the bus finds back by itself.</summary>
public sealed class MassTransitKillTests
{
    // RabbitMQ.Client 7.2.2 never answers a publish that begins at the moment at which its connection ends, and MassTransit then keeps the dead
    // channel: whoever publishes has to bound it.
    private static readonly TimeSpan PublishMax = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_published_is_lost_over_two_kills(bool isQuorum)
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        ConcurrentDictionary<int, int> received = [];
        ConcurrentQueue<int> confirmed = [];
        await using RunningBus consumer = await RunningBus.StartAsync(broker, Cancellation, factory => factory.ReceiveEndpoint("orders", endpoint =>
        {
            if (isQuorum) endpoint.SetQuorumQueue();
            endpoint.Handler<OrderPlaced>(context =>
            {
                received.AddOrUpdate(context.Message.Number, 1, (_, count) => count + 1);
                return Task.CompletedTask;
            });
        }));
        await using RunningBus publisher = await RunningBus.StartAsync(broker, Cancellation);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task publishing = Task.WhenAll(Enumerable.Range(0, 4).Select(lane => PublishAsync(publisher, lane, confirmed, enough.Token)));

        for (int kills = 0; kills < 2; kills++)
        {
            await MoreAsync(confirmed, 200);
            await broker.KillAsync();
            await broker.RestartAsync(Cancellation);
        }

        await MoreAsync(confirmed, 200);
        await enough.CancelAsync();
        await publishing.WaitAsync(Eventually.Deadline, Cancellation);

        await Eventually.TrueAsync(
            "everything confirmed has been received",
            () => Task.FromResult(confirmed.All(received.ContainsKey)),
            Cancellation,
            () => $"missing {string.Join(", ", confirmed.Where(number => !received.ContainsKey(number)).Take(20))} of {confirmed.Count}");
        await Eventually.TrueAsync("the queue is empty", async () => await PlainQueue.CountAsync(broker, "orders", Cancellation) == 0, Cancellation);
    }

    private static Task MoreAsync(ConcurrentQueue<int> confirmed, int more)
    {
        int wanted = confirmed.Count + more;
        return Eventually.TrueAsync(
            $"{wanted} are confirmed", () => Task.FromResult(confirmed.Count >= wanted), Cancellation, () => $"{confirmed.Count}");
    }

    /// <summary>MassTransit's task ends when the broker has confirmed, and fails when the connection broke before that.</summary>
    private static async Task PublishAsync(RunningBus publisher, int lane, ConcurrentQueue<int> confirmed, CancellationToken enough)
    {
        for (int number = lane; !enough.IsCancellationRequested; number += 4)
        {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(enough);
            late.CancelAfter(PublishMax);
            try
            {
                await publisher.Bus.Publish(new OrderPlaced(number), late.Token);
                confirmed.Enqueue(number);
            }
            catch (Exception fault) when (fault is MassTransitException or RabbitMQ.Client.Exceptions.RabbitMQClientException or IOException)
            {
                // Not confirmed, so nothing is promised about it: the next one.
            }
            catch (OperationCanceledException)
            {
                // Neither is anything about one that got no answer in time; at the end the loop ends.
            }
        }
    }
}
