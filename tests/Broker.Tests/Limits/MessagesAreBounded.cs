using Quintet.Broker.Tests.Systems;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.Limits;

public class MessagesAreBounded
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("CC", 5, null)]
    [InlineData("BCC", 6, "more than the configured max of 5 routing keys in the headers CC and BCC")]
    [InlineData("CC", 10_000, "more than the configured max of 5 routing keys in the headers CC and BCC")]
    public async Task A_message_has_only_so_many_copies(string header, int keys, string? refusal)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:CopyKeys", "5"));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("q");

        string? text = await PublishAsync(channel, header, [.. Enumerable.Range(0, keys).Select(number => $"k{number}")]);

        Assert.Equal(refusal is null ? null : $"PRECONDITION_FAILED - {refusal}", text);
    }

    [Fact]
    public async Task A_key_of_a_copy_is_no_longer_than_any_other_and_does_not_break_a_topic_exchange()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("q");
        await channel.QueueBindAsync("q", "amq.topic", "#", cancellationToken: Stop);

        string? text = await PublishAsync(channel, "CC", [string.Join('.', Enumerable.Repeat("a", 1000))], "amq.topic");

        Assert.Equal("PRECONDITION_FAILED - a routing key of 1999 octets in the headers CC or BCC is longer than 255", text);
    }

    [Fact]
    public async Task More_delayed_messages_than_there_may_be_are_refused_with_a_nack()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:DelayedMessages", "1"));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.ExchangeDeclareAsync("later", "x-delayed-message", true, false, new Dictionary<string, object?> { ["x-delayed-type"] = "fanout" },
            cancellationToken: Stop);
        BasicProperties hour = new() { Headers = new Dictionary<string, object?> { ["x-delay"] = 3_600_000 } };

        await channel.BasicPublishAsync("later", "", false, hour, "1"u8.ToArray(), Stop);

        await Assert.ThrowsAsync<PublishException>(async () => await channel.BasicPublishAsync("later", "", false, hour, "2"u8.ToArray(), Stop));
        await channel.BasicPublishAsync("later", "", false, new BasicProperties(), "at once"u8.ToArray(), Stop);
    }

    // What the channel is closed with; null when it is not.
    private static async Task<string?> PublishAsync(IChannel channel, string header, List<object> keys, string exchange = "")
    {
        BasicProperties properties = new() { Headers = new Dictionary<string, object?> { [header] = keys } };
        await channel.BasicPublishAsync(exchange, "q", false, properties, "x"u8.ToArray(), Stop);
        try
        {
            await channel.QueueDeclarePassiveAsync("q", Stop);
            return null;
        }
        catch (OperationInterruptedException refused)
        {
            return refused.ShutdownReason!.ReplyText;
        }
    }
}
