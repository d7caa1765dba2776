using System.Threading.Channels;
using Quintet.Broker.Amqp;
using Quintet.Broker.Connections;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Xunit;

namespace Quintet.Broker.Tests.Connections;

/// <summary>Progress is counted, not timed: how fast the machine is makes no difference.</summary>
public class NobodyStarvesOthers
{
    private const int OutgoingBytes = 64 * 1024;
    private const int BodyBytes = 16 * 1024;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Others_are_answered_while_publishers_without_confirms_flood_the_broker(int flooders)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel other = await connection.ConfirmingAsync();
        await other.QueueAsync("flooded", ("x-max-length", 100));
        await other.QueueAsync("served");
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        long[] sent = new long[flooders];
        Task[] floods = [.. Enumerable.Range(0, flooders).Select(number => FloodAsync(broker, sent, number, enough.Token))];
        await Eventually.TrueAsync("the flood is on", () => Task.FromResult(sent.All(count => count > 1000)), Stop);

        for (int request = 0; request < 200; request++)
        {
            await other.SendAsync("served", $"{request}");
            Assert.Equal($"{request}", await other.TakeAsync("served"));
            Assert.DoesNotContain(floods, flood => flood.IsCompleted);
        }

        // And the flood was never stopped for them: it goes on now.
        long before = sent.Sum();
        await Eventually.TrueAsync("the flood goes on", () => Task.FromResult(sent.Sum() > before + 1000), Stop);
        await enough.CancelAsync();
        await Task.WhenAll(floods);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(4, false)]
    public async Task Consumers_that_never_read_cost_no_more_than_their_bound_and_stall_nobody(int silent, bool noAck)
    {
        const int Messages = 4000;
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:OutgoingBytes", $"{OutgoingBytes}"));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        RawClient[] clients = new RawClient[silent];
        for (int number = 0; number < silent; number++)
        {
            clients[number] = await (await broker.ConnectRawAsync()).OpenAsync();
            byte[] consume = new MethodFrame(1, MethodId.BasicConsume).Short(0).ShortString("q").ShortString("").Octet(noAck ? (byte)2 : (byte)0).Table([])
                .ToArray();
            await clients[number].SendAsync(consume);
            await clients[number].MethodAsync(MethodId.BasicConsumeOk);
        }

        string body = new('x', BodyBytes);
        for (int number = 0; number < Messages; number += 100)
            await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => channel.SendAsync("q", body).AsTask()));

        // What the silent ones did not take (their sockets are full) waits for somebody who reads.
        int waiting = broker.Counts("q").Ready;
        ChannelReader<BasicDeliverEventArgs> deliveries = await channel.ConsumeAsync("q", autoAck: true);
        for (int got = 0; got < waiting; got++) await deliveries.ReadAsync(Stop);

        Assert.Equal(0, broker.Counts("q").Ready);
        Assert.InRange(waiting, 1, Messages);
        Connection[] slow = [.. broker.Part<ConnectionList>().All.Where(one => one.Outgoing.BytesWaiting > 0)];
        Assert.Equal(silent, slow.Length);
        // What is being written and what waits behind it, each one message above the bound at most.
        Assert.All(slow, one => Assert.InRange(one.Outgoing.BytesWaiting, 1, 2 * (OutgoingBytes + BodyBytes + 1024)));
        // A new message still goes to the one that reads, whoever's turn it is.
        await channel.SendAsync("q", "for who reads");
        Assert.Equal("for who reads", (await deliveries.ReadAsync(Stop)).Text());
        foreach (RawClient client in clients) client.Dispose();
    }

    private static async Task FloodAsync(RunningBroker broker, long[] sent, int number, CancellationToken enough)
    {
        using RawClient client = await (await broker.ConnectRawAsync()).OpenAsync();
        byte[] batch = [.. Enumerable.Range(0, 50).SelectMany(_ => RawClient.Publish("flooded", "flood"))];
        while (!enough.IsCancellationRequested)
        {
            await client.SendAsync(batch);
            Interlocked.Add(ref sent[number], 50);
        }
    }
}
