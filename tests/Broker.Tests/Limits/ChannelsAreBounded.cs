using System.Threading.Channels;
using Quintet.Broker.Amqp;
using Quintet.Broker.Parameters;
using Quintet.Broker.Tests.Systems;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.Limits;

public class ChannelsAreBounded
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_consumer_above_the_limit_closes_the_connection_and_a_cancelled_one_makes_room()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:ConsumersPerChannel", "2"));
        using RawClient raw = await (await broker.ConnectRawAsync()).OpenAsync();
        await raw.SendAsync(new MethodFrame(1, MethodId.QueueDeclare).Short(0).ShortString("q").Octet(0b0100).Table([]).ToArray());
        await raw.MethodAsync(MethodId.QueueDeclareOk);
        foreach (string tag in (string[])["a", "b"]) await ConsumeAsync(raw, tag);
        await raw.SendAsync(new MethodFrame(1, MethodId.BasicCancel).ShortString("a").Octet(0).ToArray());
        await raw.MethodAsync(MethodId.BasicCancelOk);
        await ConsumeAsync(raw, "c");

        await raw.SendAsync(Consume("d"));

        Assert.Equal((530, "NOT_ALLOWED - reached maximum (2) of consumers per channel", MethodId.BasicConsume),
            await raw.CloseAsync(MethodId.ConnectionClose));
    }

    [Fact]
    public async Task Channels_of_all_connections_are_counted_together()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:ChannelsInAll", "2"));
        await using IConnection connection = await broker.ConnectAsync(), other = await broker.ConnectAsync();
        IChannel first = await connection.ChannelAsync();
        await using IChannel second = await other.ChannelAsync();
        await first.DisposeAsync();
        await using IChannel third = await connection.ChannelAsync();

        OperationInterruptedException refused = await Assert.ThrowsAsync<OperationInterruptedException>(() => connection.ChannelAsync());

        Assert.Equal(
            $"NOT_ALLOWED - number of channels opened on node '{NodeName.Own}' has reached the maximum allowed limit of (2)",
            refused.ShutdownReason!.ReplyText);
    }

    [Fact]
    public async Task Deliveries_wait_when_too_much_is_unacknowledged_and_go_on_with_the_next_ack()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:UnackedPerChannel", "3"));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        foreach (string queue in (string[])["q", "other"]) await channel.QueueAsync(queue);
        for (int number = 0; number < 5; number++) await channel.SendAsync("q", $"{number}");
        await channel.SendAsync("other", "x");
        ChannelReader<BasicDeliverEventArgs> deliveries = await channel.ConsumeAsync("q");
        List<BasicDeliverEventArgs> got = [];
        for (int number = 0; number < 3; number++) got.Add(await deliveries.ReadAsync(Stop));

        Assert.Equal((2, 3), (broker.Counts("q").Ready, broker.Counts("q").Unacked));
        await channel.BasicAckAsync(got[0].DeliveryTag, multiple: false, Stop);
        Assert.Equal("3", (await deliveries.ReadAsync(Stop)).Text());
        OperationInterruptedException refused = await Assert.ThrowsAsync<OperationInterruptedException>(
            () => channel.BasicGetAsync("other", autoAck: false, Stop));

        Assert.Equal("PRECONDITION_FAILED - 3 messages are not acknowledged, as many as the configured max of a channel", refused.ShutdownReason!.ReplyText);
    }

    [Fact]
    public async Task A_transaction_of_many_empty_messages_is_bounded_too()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:TransactionBytes", "10240"));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("q");
        await channel.TxSelectAsync(Stop);
        for (int number = 0; number < 20; number++) await channel.BasicPublishAsync("", "q", ReadOnlyMemory<byte>.Empty, Stop);

        OperationInterruptedException refused = await Assert.ThrowsAsync<OperationInterruptedException>(() => channel.TxCommitAsync(Stop));

        Assert.StartsWith("PRECONDITION_FAILED - transaction of ", refused.ShutdownReason!.ReplyText, StringComparison.Ordinal);
    }

    private static byte[] Consume(string tag) =>
        new MethodFrame(1, MethodId.BasicConsume).Short(0).ShortString("q").ShortString(tag).Octet(0).Table([]).ToArray();

    private static async Task ConsumeAsync(RawClient raw, string tag)
    {
        await raw.SendAsync(Consume(tag));
        await raw.MethodAsync(MethodId.BasicConsumeOk);
    }
}
