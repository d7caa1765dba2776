using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Conformance.Broker.Commands;

/// <summary><c>quintet broker shovel</c>: what was confirmed at the source is at the target in the end, whoever is killed on the way.</summary>
public sealed class ShovelTests
{
    private const int Many = 20_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("target")]
    [InlineData("source")]
    [InlineData("shovel")]
    public async Task Nothing_is_lost_when_one_of_the_three_is_killed_while_it_runs(string victim)
    {
        await using BoxProcess source = await BoxProcess.StartAsync("broker", Cancellation), target = await BoxProcess.StartAsync("broker", Cancellation);
        BrokerQueue from = new(source.Port, "orders"), to = new(target.Port, "orders");
        await from.DeclareAsync();
        await to.DeclareAsync();
        await from.FillAsync(Many);
        ChildProcess shovel = Start(from, to);
        try
        {
            await Eventually.TrueAsync("the shovel has begun", async () => await to.CountAsync() > 0, Cancellation, () => shovel.Output);
            Assert.True(await from.CountAsync() > 0, "everything was moved before anybody was killed: the test proves nothing");
            if (victim == "target") await KillAsync(target);
            else if (victim == "source") await KillAsync(source);
            else
            {
                await shovel.DisposeAsync();
                shovel = Start(from, to);
            }

            await shovel.WaitAsync(Cancellation);
            Assert.True(shovel.ExitCode == 0, shovel.Output);
        }
        finally
        {
            await shovel.DisposeAsync();
        }

        Assert.Equal(0u, await from.CountAsync());
        HashSet<int> arrived = [.. (await to.DrainAsync()).Select(BrokerQueue.NumberOf)];
        Assert.Equal(Many, arrived.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Messages_move_between_the_broker_and_RabbitMQ_whole_and_in_order(bool toRabbit)
    {
        await using RabbitProcess rabbit = await RabbitProcess.StartAsync(Cancellation);
        await using BoxProcess box = await BoxProcess.StartAsync("broker", Cancellation);
        BrokerQueue from = new(toRabbit ? box.Port : rabbit.Port, "orders"), to = new(toRabbit ? rabbit.Port : box.Port, "orders");
        await from.DeclareAsync(("x-queue-type", "quorum"));
        await to.DeclareAsync();
        await from.FillAsync(500, properties =>
        {
            properties.MessageId = "m1";
            properties.UserId = "guest";
            properties.Headers = new Dictionary<string, object?> { ["traceparent"] = "00-1-2-01", ["n"] = 7, ["CC"] = new List<object> { "elsewhere" } };
        });

        await using ChildProcess shovel = Start(from, to);
        await shovel.WaitAsync(Cancellation);

        Assert.True(shovel.ExitCode == 0, shovel.Output);
        Assert.Contains("500 messages moved", shovel.Output, StringComparison.Ordinal);
        List<BasicGetResult> arrived = await to.DrainAsync();
        Assert.Equal(Enumerable.Range(0, 500), arrived.Select(BrokerQueue.NumberOf));
        Assert.All(arrived, message => Assert.Equal(("m1", 7), (message.BasicProperties.MessageId!, (int)message.BasicProperties.Headers!["n"]!)));
        Assert.Contains("traceparent", arrived[0].BasicProperties.Headers!.Keys);
    }

    private static ChildProcess Start(BrokerQueue from, BrokerQueue to) => ChildProcess.Start(
        Repository.Command, ["broker", "shovel", "--from", from.Url, "--queue", "orders", "--to", to.Url, "--until-empty"]);

    private static async Task KillAsync(BoxProcess broker)
    {
        await broker.KillAsync();
        await broker.RestartAsync(Cancellation);
    }
}
