using System.Text;
using System.Threading.Channels;
using Quintet.Broker.Tests.Systems;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.Messages;

/// <summary>Direct reply-to.</summary>
public class AnswersGoStraightToWhoAsked
{
    private const string Replies = "amq.rabbitmq.reply-to";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_askers_on_two_channels_each_get_their_own_answers()
    {
        const int Questions = 50;
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection server = await broker.ConnectAsync();
        await AnswerAsync(server, "echo");
        await using IConnection client = await broker.ConnectAsync();

        await Task.WhenAll(Enumerable.Range(0, 2).Select(async asker =>
        {
            await using IChannel channel = await client.ChannelAsync();
            ChannelReader<BasicDeliverEventArgs> answers = await channel.ConsumeAsync(Replies, autoAck: true);
            for (int number = 0; number < Questions; number++)
                await channel.SendAsync("echo", $"{asker}/{number}", with => with.ReplyTo = Replies);
            for (int number = 0; number < Questions; number++)
                Assert.Equal($"re {asker}/{number}", (await answers.ReadAsync(Stop)).Text());
        }));
    }

    [Fact]
    public async Task An_address_is_there_as_long_as_its_channel_and_answers_to_it_are_confirmed()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel server = await connection.ConfirmingAsync();
        await server.QueueAsync("ask");
        IChannel asker = await connection.ChannelAsync();
        ChannelReader<BasicDeliverEventArgs> answers = await asker.ConsumeAsync(Replies, autoAck: true);
        await asker.SendAsync("ask", "?", with => with.ReplyTo = Replies);
        string address = (await server.AwaitAsync("ask")).BasicProperties.ReplyTo!;

        Assert.StartsWith(Replies + ".", address);
        Assert.Equal(1u, (await server.QueueDeclarePassiveAsync(address, Stop)).ConsumerCount);
        await server.SendAsync(address, "!"); // completes with the confirm
        Assert.Equal("!", (await answers.ReadAsync(Stop)).Text());

        await asker.CloseAsync(Stop);
        PublishReturnException returned = await Assert.ThrowsAsync<PublishReturnException>(
            () => server.BasicPublishAsync("", address, mandatory: true, Encoding.UTF8.GetBytes("late"), Stop).AsTask());
        Assert.Equal(312, returned.ReplyCode);
        OperationInterruptedException gone = await Assert.ThrowsAsync<OperationInterruptedException>(
            () => server.QueueDeclarePassiveAsync(address, Stop));
        Assert.Equal($"NOT_FOUND - no queue '{address}' in vhost '/'", gone.ShutdownReason!.ReplyText);
    }

    [Fact]
    public async Task Answers_with_headers_and_a_body_of_many_frames_come_whole()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("ask");
        ChannelReader<BasicDeliverEventArgs> answers = await channel.ConsumeAsync(Replies, autoAck: true);
        BasicProperties asked = new()
        {
            ReplyTo = Replies, CorrelationId = "c", MessageId = "m", AppId = "a", Expiration = "60000", Headers = new Dictionary<string, object?> { ["h"] = 1 },
        };
        await channel.BasicPublishAsync("", "ask", false, asked, Encoding.UTF8.GetBytes("?"), Stop);
        BasicGetResult request = await channel.AwaitAsync("ask");
        string body = new('x', 300_000);

        await channel.SendAsync(request.BasicProperties.ReplyTo!, body, with => with.CorrelationId = request.BasicProperties.CorrelationId);

        BasicDeliverEventArgs answer = await answers.ReadAsync(Stop);
        Assert.Equal(("c", body), (answer.BasicProperties.CorrelationId, answer.Text()));
        Assert.Equal(("m", "a", "60000", "1"), (request.BasicProperties.MessageId, request.BasicProperties.AppId, request.BasicProperties.Expiration,
            request.BasicProperties.Header("h")));
    }

    private static async Task AnswerAsync(IConnection connection, string queue)
    {
        IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync(queue);
        AsyncEventingBasicConsumer consumer = new(channel);
        consumer.ReceivedAsync += async (_, request) => await channel.SendAsync(request.BasicProperties.ReplyTo!, $"re {request.Text()}");
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, Stop);
    }
}
