using System.Buffers.Binary;
using System.Text;
using Quintet.Broker.Queues;
using Quintet.Broker.Storage;
using Quintet.Broker.Tests.Systems;
using Quintet.Broker.Topology;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Messages;

/// <summary>Queues of a length at which clients would take minutes: filled and emptied from inside, declared and restarted as ever.</summary>
public sealed class LongQueues
{
    private const int Million = 1_000_000;

    private static readonly (string Key, string? Value)[] SmallSegments =
        [("Broker:Storage:SegmentBytes", $"{1024 * 1024}"), ("Broker:Storage:CompactionBytesMin", $"{1024 * 1024}")];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_million_messages_are_there_after_a_restart_in_their_order()
    {
        using TempFolder folder = new();
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            (Queue queue, BrokerNode node) = await DeclareAsync(broker, "many");
            for (int number = 0; number < Million; number++) Publish(node, queue, number);
            await node.Store.FlushedAsync();
        }

        await using RunningBroker next = await RunningBroker.StartOverAsync(folder["data"]);

        BrokerNode again = next.Part<BrokerNode>();
        Queue found = again.FindVhost("/")!.FindQueue("many")!;
        Assert.Equal((Million, 4L * Million), (found.Counts.Ready, found.Counts.ReadyBytes));
        for (int number = 0; number < Million; number++) Assert.Equal(number, await TakeAsync(found));
        Assert.Equal(0, found.Counts.Ready);
    }

    [Fact]
    public async Task One_old_message_does_not_hold_the_space_of_those_that_pass_it()
    {
        using TempFolder folder = new();
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"], SmallSegments))
        {
            (Queue queue, BrokerNode node) = await DeclareAsync(broker, "passing");
            Publish(node, queue, -1);
            Assert.True(queue.TryTake(noAck: false, out _, out _)); // somebody has it and never settles it
            for (int number = 0; number < Million; number++)
            {
                Publish(node, queue, number);
                Assert.Equal(number, await TakeAsync(queue));
            }

            await node.Store.FlushedAsync();
            await Eventually.TrueAsync(
                "the space is given back",
                () => Task.FromResult(BytesIn(broker.DataFolder) < 8 * 1024 * 1024),
                Stop,
                () => $"{BytesIn(broker.DataFolder)} bytes");
        }

        await using RunningBroker next = await RunningBroker.StartOverAsync(folder["data"]);

        Queue left = next.Part<BrokerNode>().FindVhost("/")!.FindQueue("passing")!;
        Assert.Equal(1, left.Counts.Ready);
        Assert.Equal(-1, await TakeAsync(left));
    }

    private static async Task<(Queue Queue, BrokerNode Node)> DeclareAsync(RunningBroker broker, string name)
    {
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync(name);
        BrokerNode node = broker.Part<BrokerNode>();
        return (node.FindVhost("/")!.FindQueue(name)!, node);
    }

    private static void Publish(BrokerNode node, Queue queue, int number)
    {
        byte[] body = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(body, number);
        byte[] envelope = Envelope.Create(0, 0, ([], Encoding.UTF8.GetBytes(queue.Name)), [0, 0]);
        node.Intake.Accept([queue], new IncomingMessage { Envelope = envelope, Body = body, IsPersistent = true, NowMs = 1 });
    }

    private static async ValueTask<int> TakeAsync(Queue queue)
    {
        Assert.True(queue.TryTake(noAck: true, out QueueEntry entry, out _));
        using StoredMessage message = await queue.ReadAsync(entry.Ref, Stop);
        queue.Forget(entry);
        return BinaryPrimitives.ReadInt32LittleEndian(message.Body.Span);
    }

    private static long BytesIn(string folder) => new DirectoryInfo(folder).GetFiles().Sum(file => file.Exists ? file.Length : 0);
}
