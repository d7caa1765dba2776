using System.Globalization;
using Quintet.Broker.Tests.Hosts;
using Quintet.Broker.Tests.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Messages;

/// <summary>
/// A process with a broker is killed under load, and another is started on what had been synced by then and nothing else. Promised are: a confirmed
/// message is in every queue it went to, once; an acknowledgement, a return and its count are on disk when a later confirm on their channel
/// arrives; a dead letter is in one place; order is kept.
/// </summary>
public sealed class ConfirmedMessagesSurvivePowerLoss(ITestOutputHelper output)
{
    private const int Rounds = 4;

    private readonly ShadowTraffic _traffic = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_what_was_synced_is_enough()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        await using ShadowedBroker broker = new();
        for (int round = 1; round <= Rounds; round++)
        {
            await broker.StartAsync();
            await _traffic.RunAsync(broker.ConnectAsync, random.Next(200, 2_000), async () =>
            {
                for (int turns = random.Next(2_000); turns > 0; turns--) await Task.Yield(); // not at the moment of a confirm, but at any
                await broker.KillAsync();
            });
            await CheckAsync(broker.CopyOfShadow(), round);
        }

        Assert.NotEmpty(_traffic.AckDurable);
        Assert.NotEmpty(_traffic.Returned);
        Assert.NotEmpty(_traffic.Rejected);
    }

    private async Task CheckAsync(string folder, int round)
    {
        await using RunningBroker broker = await RunningBroker.StartOverAsync(folder);
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        List<int> plain = await NumbersAsync(channel, "plain");
        output.WriteLine($"round {round}: {_traffic.Confirmed.Count} confirmed, {_traffic.AckDurable.Count} acknowledged, {plain.Count} left");
        Assert.Empty(_traffic.Confirmed.Keys.Except(_traffic.AckAsked.Keys).Except(plain));
        Assert.Empty(plain.Intersect(_traffic.AckDurable.Keys));
        await CheckCountsAsync(channel);
        await CheckRankedAsync(channel);
        await CheckDyingAsync(channel);
        await CheckKeptAsync(connection);
    }

    private static async Task<List<int>> NumbersAsync(IChannel channel, string queue)
    {
        List<int> numbers = [.. (await channel.DrainAsync(queue)).Select(body => int.Parse(body, CultureInfo.InvariantCulture))];
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
        return numbers;
    }

    private async Task CheckCountsAsync(IChannel channel)
    {
        HashSet<int> found = [];
        while (await channel.BasicGetAsync("counted", autoAck: true, Stop) is { } message)
        {
            int number = int.Parse(System.Text.Encoding.UTF8.GetString(message.Body.Span), CultureInfo.InvariantCulture);
            Assert.True(found.Add(number), $"{number} is there twice");
            Assert.Equal(number % 10 == 0 ? "3600000" : null, message.BasicProperties.Expiration);
            if (!_traffic.Returned.TryGetValue(number, out int returned)) continue;
            object? count = message.BasicProperties.Headers?["x-delivery-count"];
            Assert.True(Convert.ToInt32(count, CultureInfo.InvariantCulture) >= returned, $"{number} came back {returned} times and says {count}");
        }

        Assert.Empty(_traffic.Confirmed.Keys.Except(found));
    }

    private async Task CheckRankedAsync(IChannel channel)
    {
        List<int> ranked = await NumbersAsync(channel, "ranked");

        Assert.Empty(_traffic.Confirmed.Keys.Except(ranked));
        int[] priorities = [.. ranked.Select(number => (int)ShadowTraffic.PriorityOf(number))];
        Assert.Equal(priorities.OrderDescending(), priorities);
    }

    private async Task CheckKeptAsync(IConnection connection)
    {
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.BasicQosAsync(0, 1_000, false, Stop);
        await channel.SendAsync("kept", "end");
        HashSet<int> kept = [];
        long offset = 0;
        Dictionary<string, object?> first = new() { ["x-stream-offset"] = "first" };
        await foreach (var delivery in (await channel.ConsumeAsync("kept", arguments: first)).ReadAllAsync(Stop))
        {
            await channel.BasicAckAsync(delivery.DeliveryTag, false, Stop);
            Assert.Equal(offset++, delivery.BasicProperties.Headers!["x-stream-offset"]);
            if (delivery.Text() == "end") break;
            int number = int.Parse(delivery.Text(), CultureInfo.InvariantCulture);
            Assert.True(kept.Add(number), $"{number} is in the stream twice");
        }

        Assert.Empty(_traffic.Confirmed.Keys.Except(kept));
    }

    private async Task CheckDyingAsync(IChannel channel)
    {
        // A rejection that was read but not carried out is done with now: wait until the dead letters stop coming.
        List<int> dying = await NumbersAsync(channel, "dying");
        List<int> dead = await NumbersAsync(channel, "dead");

        Assert.Empty(dying.Intersect(dead));
        Assert.Empty(_traffic.Confirmed.Keys.Except(dying).Except(dead));
        Assert.Empty(dead.Except(_traffic.Rejected.Keys));
    }
}
