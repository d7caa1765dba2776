using System.Buffers.Binary;
using Quintet.Broker.Amqp;
using Quintet.Broker.Connections;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Connections;

/// <summary>A whole conversation, mutated: whatever comes, the broker ends that connection at most.</summary>
public class RandomFramesAreSurvived
{
    private const int Conversations = 300;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mutated_conversations_end_one_connection_at_most()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random random = new(seed);
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:Handshake", "00:00:01"));
        List<byte[]> conversation = Conversation();

        for (int number = 0; number < Conversations; number++)
        {
            using RawClient client = await broker.ConnectRawAsync();
            await SendMutatedAsync(client, conversation, random);
        }

        await Eventually.TrueAsync(
            $"all connections end (seed {seed})", () => Task.FromResult(broker.Part<ConnectionList>().Sockets == 0), Stop);
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("after");
        await channel.SendAsync("after", "still here");
        Assert.Equal("still here", await channel.TakeAsync("after"));
    }

    private static async Task SendMutatedAsync(RawClient client, List<byte[]> conversation, Random random)
    {
        int broken = random.Next(conversation.Count);
        try
        {
            for (int index = 0; index < conversation.Count; index++)
            {
                byte[] frame = index == broken ? Mutate(conversation[index], random) : conversation[index];
                await client.SendAsync(frame);
            }
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The broker has closed it already.
        }
    }

    private static byte[] Mutate(byte[] frame, Random random)
    {
        byte[] copy = [.. frame];
        switch (random.Next(6))
        {
            case 0: return copy[..random.Next(copy.Length)];
            case 1:
                copy[random.Next(copy.Length)] ^= (byte)(1 << random.Next(8));
                return copy;
            case 2:
                for (int i = 0; i < 4; i++) copy[random.Next(copy.Length)] = (byte)random.Next(256);
                return copy;
            case 3 when copy.Length > 7:
                BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(3), (uint)random.NextInt64(uint.MaxValue));
                return copy;
            case 4: return [.. copy, .. copy];
            default:
                int at = random.Next(copy.Length);
                byte[] rubbish = new byte[random.Next(1, 40)];
                random.NextBytes(rubbish);
                return [.. copy[..at], .. rubbish, .. copy[at..]];
        }
    }

    private static List<byte[]> Conversation()
    {
        FieldTable deep = [];
        for (int depth = 0; depth < 60; depth++) deep = new FieldTable { { "in", FieldValue.Of(deep) } };
        FieldTable arguments = new()
        {
            { "x-max-length", FieldValue.Of(10) },
            { "x-dead-letter-exchange", FieldValue.Of("amq.fanout") },
            { "deep", FieldValue.Of(deep) },
        };
        byte[] publish = RawClient.Publish("fuzzed", new string('b', 3_000));
        return
        [
            "AMQP\0\0\x09\x01"u8.ToArray(),
            RawClient.StartOk("PLAIN", "\0guest\0guest"u8.ToArray()),
            new MethodFrame(0, MethodId.ConnectionTuneOk).Short(2047).Long(131072).Short(0).ToArray(),
            new MethodFrame(0, MethodId.ConnectionOpen).ShortString("/").ShortString("").Octet(0).ToArray(),
            new MethodFrame(1, MethodId.ChannelOpen).ShortString("").ToArray(),
            new MethodFrame(1, MethodId.ConfirmSelect).Octet(0).ToArray(),
            new MethodFrame(1, MethodId.BasicQos).Long(0).Short(5).Octet(0).ToArray(),
            new MethodFrame(1, MethodId.QueueDeclare).Short(0).ShortString("fuzzed").Octet(0b0100).Table(arguments).ToArray(),
            new MethodFrame(1, MethodId.QueueBind).Short(0).ShortString("fuzzed").ShortString("amq.headers").ShortString("key").Octet(0).Table(deep).ToArray(),
            publish,
            publish,
            new MethodFrame(1, MethodId.BasicConsume).Short(0).ShortString("fuzzed").ShortString("tag").Octet(0).Table([]).ToArray(),
            new MethodFrame(1, MethodId.BasicAck).Long(0).Long(1).Octet(0).ToArray(),
            new MethodFrame(1, MethodId.BasicNack).Long(0).Long(2).Octet(0b10).ToArray(),
            new MethodFrame(1, MethodId.BasicRecover).Octet(1).ToArray(),
            RawClient.Frame(8, 0, []),
            new MethodFrame(1, MethodId.BasicCancel).ShortString("tag").Octet(0).ToArray(),
            new MethodFrame(1, MethodId.QueuePurge).Short(0).ShortString("fuzzed").Octet(0).ToArray(),
            new MethodFrame(1, MethodId.ChannelClose).Short(200).ShortString("").Short(0).Short(0).ToArray(),
        ];
    }
}
