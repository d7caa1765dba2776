using System.Text;
using System.Threading.Channels;
using Quintet.Broker.Queues;
using Quintet.Broker.Tests.Systems;
using Quintet.Broker.Topology;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Xunit;

namespace Quintet.Broker.Tests.Messages;

public class QueuesStayRightUnderFire
{
    private const int Publishers = 4, MessagesEach = 150, Queues = 12;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Many queues' gates are taken by publishers, consumers and returns at once; each copy is there once, in its order, in the end.</summary>
    [Fact]
    public async Task Fan_out_with_confirms_and_random_returns_loses_nothing_and_keeps_the_order()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        for (int queue = 0; queue < Queues; queue++)
        {
            if (queue % 2 == 0) await channel.QueueAsync($"q{queue}");
            else await channel.QueueAsync($"q{queue}", ("x-queue-type", "quorum"), ("x-delivery-limit", -1));
            await channel.QueueBindAsync($"q{queue}", "amq.fanout", "", cancellationToken: Stop);
        }

        using CancellationTokenSource published = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task[] returning =
        [
            .. Enumerable.Range(0, Queues).Select(queue => ReturnAtRandomAsync(broker, $"q{queue}", new Random(seed + queue), published.Token)),
        ];
        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => PublishAsync(broker, publisher)));
        await published.CancelAsync();
        await Task.WhenAll(returning);

        for (int queue = 0; queue < Queues; queue++)
        {
            Queue inside = broker.Part<BrokerNode>().FindVhost("/")!.FindQueue($"q{queue}")!;
            await Eventually.TrueAsync("all came back", () => Task.FromResult(inside.Counts.Unacked == 0), Stop);
            List<string> bodies = await channel.DrainAsync($"q{queue}");
            for (int publisher = 0; publisher < Publishers; publisher++)
                Assert.Equal(
                    Enumerable.Range(0, MessagesEach).Select(number => $"{publisher}/{number}"),
                    bodies.Where(body => body.StartsWith($"{publisher}/", StringComparison.Ordinal)));
        }
    }

    /// <summary>Two queues are each other's dead-letter target; rejects send messages round, so that both gates are taken from both sides.</summary>
    [Fact]
    public async Task Dead_letters_that_go_round_between_two_queues_all_arrive()
    {
        const int Messages = 200, Rounds = 3;
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("ping", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "pong"));
        await channel.QueueAsync("pong", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "ping"));
        ChannelReader<string> done = await RejectUntilAsync(connection, Rounds);

        for (int number = 0; number < Messages; number++) await channel.SendAsync("ping", $"{number}");

        HashSet<string> arrived = [];
        for (int number = 0; number < Messages; number++) Assert.True(arrived.Add(await done.ReadAsync(Stop)));
        Assert.Empty(await channel.DrainAsync("ping"));
        Assert.Empty(await channel.DrainAsync("pong"));
    }

    private static async Task PublishAsync(RunningBroker broker, int publisher)
    {
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        List<Task> confirmed = [];
        for (int number = 0; number < MessagesEach; number++)
        {
            BasicProperties properties = new() { Persistent = number % 3 != 0 };
            confirmed.Add(channel.BasicPublishAsync("amq.fanout", "", true, properties, Encoding.UTF8.GetBytes($"{publisher}/{number}"), Stop).AsTask());
        }

        await Task.WhenAll(confirmed);
    }

    private static async Task ReturnAtRandomAsync(RunningBroker broker, string queue, Random random, CancellationToken until)
    {
        await using IConnection connection = await broker.ConnectAsync();
        while (!until.IsCancellationRequested)
        {
            await using IChannel channel = await connection.ChannelAsync();
            for (int taken = random.Next(1, 20); taken > 0; taken--)
            {
                if (await channel.BasicGetAsync(queue, false, Stop) is not { } got) break;
                if (random.Next(3) == 0) await channel.BasicNackAsync(got.DeliveryTag, random.Next(2) == 0, true, Stop);
            }
        }
    }

    private static async Task<ChannelReader<string>> RejectUntilAsync(IConnection connection, int rounds)
    {
        Channel<string> done = Channel.CreateUnbounded<string>();
        foreach (string queue in (string[])["ping", "pong"])
        {
            IChannel channel = await connection.ChannelAsync();
            AsyncEventingBasicConsumer consumer = new(channel);
            consumer.ReceivedAsync += async (_, delivery) =>
            {
                string body = delivery.Text();
                // The client puts a header of its own into each publish it tracks, so the headers are there without any death.
                long deaths = delivery.BasicProperties.Headers?.TryGetValue("x-death", out object? found) is true && found is List<object?> all
                    ? all.Sum(death => (long)((Dictionary<string, object?>)death!)["count"]!)
                    : 0;
                if (deaths < rounds)
                {
                    await channel.BasicRejectAsync(delivery.DeliveryTag, requeue: false, Stop);
                    return;
                }

                await channel.BasicAckAsync(delivery.DeliveryTag, false, Stop);
                done.Writer.TryWrite(body);
            };
            await channel.BasicConsumeAsync(queue, false, consumer, Stop);
        }

        return done.Reader;
    }
}
