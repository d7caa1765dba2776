using Quintet.Broker.Amqp;
using Quintet.Broker.Connections;
using Quintet.Broker.Tests.Systems;
using Quintet.Broker.Topology;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Connections;

public class HostileClientsHurtNobodyElse
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_asks_and_never_reads_is_asked_for_nothing_more_and_served_once_it_reads()
    {
        const int Messages = 3_000, BodyBytes = 64 * 1024;
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using RawClient greedy = await (await broker.ConnectRawAsync()).OpenAsync();
        int sent = 0;
        Task sending = Task.Run(
            async () =>
            {
                // Unroutable and mandatory: each comes back whole.
                byte[] one = RawClient.Publish("nowhere", new string('x', BodyBytes), flags: 1);
                for (; sent < Messages; sent++) await greedy.SendAsync(one);
            },
            Stop);

        int before = -1, still = 0;
        await Eventually.TrueAsync(
            "the sender is held back",
            () =>
            {
                still = before == sent ? still + 1 : 0;
                before = sent;
                return Task.FromResult(still >= 5 || sending.IsCompleted);
            },
            Stop);

        Assert.True(sent < Messages / 2, $"{sent} messages of 64 KiB were taken from a client that reads nothing");
        await AssertServedAsync(broker);
        for (int returned = 0; returned < Messages; returned++)
        {
            await greedy.MethodAsync(MethodId.BasicReturn);
            Assert.Equal(2, (await greedy.FrameAsync())!.Value.Type);
            Assert.Equal(3, (await greedy.FrameAsync())!.Value.Type);
        }

        await sending;
    }

    [Fact]
    public async Task A_close_with_messages_behind_it_still_gets_its_close_ok()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        byte[] close = new MethodFrame(0, MethodId.ConnectionClose).Short(200).ShortString("bye").Short(0).Short(0).ToArray();
        byte[] behind = RawClient.Publish("nowhere", new string('x', 60_000));
        using RawClient client = await (await broker.ConnectRawAsync()).OpenAsync();

        await client.SendAsync(close);
        for (int i = 0; i < 20; i++) await client.SendAsync(behind);

        await client.MethodAsync(MethodId.ConnectionCloseOk);
    }

    [Fact]
    public async Task Connections_that_drop_at_any_point_leave_nothing_behind()
    {
        const int AtOnce = 50, Rounds = 8;
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:Connections", $"{AtOnce + 1}"));
        for (int round = 0; round < Rounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(number => DropAsync(broker, number)));
            // The next round fits only if nothing of this one is still counted.
            await Eventually.TrueAsync("all are gone", () => Task.FromResult(broker.Part<ConnectionList>().Sockets == 0), Stop);
        }

        Assert.Empty(broker.Part<ConnectionList>().All);
        Assert.Empty(broker.Part<BrokerNode>().FindVhost("/")!.Queues);
        await AssertServedAsync(broker);
    }

    [Fact]
    public async Task Slow_handshakes_end_and_leave_their_places()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:Handshake", "00:00:01"), ("Broker:Limits:Connections", "20"));
        RawClient[] slow = [.. await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => broker.ConnectRawAsync()))];
        foreach (RawClient client in slow) await client.SendAsync([.. "AMQP\0"u8]);

        foreach (RawClient client in slow)
        {
            await client.IsAtEndAsync();
            client.Dispose();
        }

        await Eventually.TrueAsync("all are gone", () => Task.FromResult(broker.Part<ConnectionList>().Sockets == 0), Stop);
        await AssertServedAsync(broker);
    }

    [Fact]
    public async Task Ten_thousand_queues_of_one_client_are_declared_and_gone_with_it()
    {
        const int Queues = 10_000;
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using (RawClient client = await (await broker.ConnectRawAsync()).OpenAsync())
        {
            for (int number = 0; number < Queues; number++) await client.SendAsync(DeclareExclusive($"q{number}"));
            for (int number = 0; number < Queues; number++) await client.MethodAsync(MethodId.QueueDeclareOk);
            Assert.Equal(Queues, broker.Part<BrokerNode>().FindVhost("/")!.Queues.Count);
        }

        await Eventually.TrueAsync("the queues are gone", () => Task.FromResult(broker.Part<BrokerNode>().FindVhost("/")!.Queues.Count == 0), Stop);
        await AssertServedAsync(broker);
    }

    private static async Task DropAsync(RunningBroker broker, int number)
    {
        using RawClient client = await broker.ConnectRawAsync();
        if (number % 5 == 0) return;
        if (number % 5 == 1)
        {
            await client.SendAsync("AMQP\0\0\x09\x01"u8.ToArray());
            return;
        }

        await client.OpenAsync();
        await client.SendAsync(DeclareExclusive($"own{number}"));
        await client.SendAsync(RawClient.Publish($"own{number}", "a message"));
        if (number % 5 == 2) return;
        await client.SendAsync(new MethodFrame(1, MethodId.BasicConsume).Short(0).ShortString($"own{number}").ShortString("").Octet(0).Table([]).ToArray());
        if (number % 5 == 3) return;
        await client.SendAsync(RawClient.Publish($"own{number}", "cut")[..^5]);
    }

    private static byte[] DeclareExclusive(string name) =>
        new MethodFrame(1, MethodId.QueueDeclare).Short(0).ShortString(name).Octet(0b0100).Table([]).ToArray();

    private static async Task AssertServedAsync(RunningBroker broker)
    {
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("others");
        await channel.SendAsync("others", "served");
        Assert.Equal("served", await channel.TakeAsync("others"));
        await channel.QueueDeleteAsync("others", cancellationToken: Stop);
    }
}
