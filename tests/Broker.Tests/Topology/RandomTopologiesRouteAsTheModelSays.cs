using System.Text;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Files;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Topology;

/// <summary>
/// Random exchanges, bindings between them with circles, alternates, headers, patterns, CC and BCC: a model that knows nothing of the broker but its
/// protocol says which queues get a message, and these and no others must hold it, also after a restart.
/// </summary>
public sealed class RandomTopologiesRouteAsTheModelSays
{
    private const int Steps = 400;
    private const int Queues = 8;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Every_message_is_in_the_queues_that_the_model_names(int? fixedSeed)
    {
        int seed = fixedSeed ?? System.Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        System.Random random = new(seed);
        TopologyModel model = new();
        using TempFolder folder = new();
        int publishes = 0;
        for (int round = 0; round < 2; round++)
        {
            await using RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]);
            await using IConnection connection = await broker.ConnectAsync();
            await using IChannel channel = await connection.ConfirmingAsync();
            for (int step = 0; step < Steps; step++)
            {
                // After the restart the first steps publish, so that what came back is looked at before it changes.
                if (random.Next(3) > 0 || (round == 1 && step < Steps / 4)) await PublishAsync(channel, model, random, $"seed {seed} message {publishes++}");
                else await TopologyChange.OneAsync(channel, model, random);
            }

            await CompareAsync(channel, model, seed);
        }

        Assert.True(model.Routed > publishes / 8, $"seed {seed}: only {model.Routed} of {publishes} reached a queue: the test proves little");
    }

    public static string QueueName(int index) => $"q{index}";

    private static async Task PublishAsync(IChannel channel, TopologyModel model, System.Random random, string body)
    {
        if (model.Exchanges.Count == 0) return;
        string exchange = random.Next(10) == 0 ? "" : model.Exchanges.Keys.ElementAt(random.Next(model.Exchanges.Count));
        string key = exchange.Length == 0 ? QueueName(random.Next(Queues)) : TopologyChange.Key(random);
        Dictionary<string, object> headers = TopologyChange.Headers(random);
        List<string> keys = [key];
        Dictionary<string, object?> sent = headers.ToDictionary(header => header.Key, header => (object?)header.Value);
        foreach (string copies in (string[])["CC", "BCC"])
        {
            if (random.Next(4) > 0) continue;
            string[] more = [TopologyChange.Key(random), QueueName(random.Next(Queues))];
            sent[copies] = more.Cast<object>().ToList();
            keys.AddRange(more);
        }

        model.Publish(exchange, keys, headers, body);
        BasicProperties properties = new() { Persistent = true, Headers = sent };
        await channel.BasicPublishAsync(exchange, key, false, properties, Encoding.UTF8.GetBytes(body), Stop);
    }

    private static async Task CompareAsync(IChannel channel, TopologyModel model, int seed)
    {
        foreach ((string queue, List<string> expected) in model.Queues)
        {
            List<string> held = await channel.DrainAsync(queue);
            Assert.True(expected.SequenceEqual(held),
                $"seed {seed}: {queue} lacks [{string.Join(", ", expected.Except(held))}] and has [{string.Join(", ", held.Except(expected))}]\n{model}");
            expected.Clear();
        }
    }
}
