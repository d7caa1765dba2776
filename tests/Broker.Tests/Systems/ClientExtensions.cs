using System.Text;
using System.Threading.Channels;
using RabbitMQ.Client.Events;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Systems;

/// <summary>RabbitMQ.Client in the words of the tests.</summary>
internal static class ClientExtensions
{
    public static readonly Dictionary<string, object?> Quorum = new() { ["x-queue-type"] = "quorum" };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static Task<IChannel> ChannelAsync(this IConnection connection) => connection.CreateChannelAsync(cancellationToken: Stop);

    /// <summary>A publish on it completes when the broker has confirmed.</summary>
    public static Task<IChannel> ConfirmingAsync(this IConnection connection) => connection.CreateChannelAsync(
        new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), Stop);

    public static Task<QueueDeclareOk> QueueAsync(this IChannel channel, string name, params (string Name, object? Value)[] arguments) =>
        channel.QueueDeclareAsync(name, true, false, false, arguments.ToDictionary(pair => pair.Name, pair => pair.Value), cancellationToken: Stop);

    public static ValueTask SendAsync(this IChannel channel, string queue, string body, Action<BasicProperties>? with = null)
    {
        BasicProperties properties = new() { Persistent = true };
        with?.Invoke(properties);
        return channel.BasicPublishAsync("", queue, false, properties, Encoding.UTF8.GetBytes(body), Stop);
    }

    public static async Task<string?> TakeAsync(this IChannel channel, string queue)
    {
        BasicGetResult? got = await channel.BasicGetAsync(queue, autoAck: true, Stop);
        return got is null ? null : Encoding.UTF8.GetString(got.Body.Span);
    }

    /// <summary>Takes from the queue until something is there: for what arrives in its own time, such as a dead letter.</summary>
    public static Task<BasicGetResult> AwaitAsync(this IChannel channel, string queue) => Quintet.TestKit.Processes.Eventually.GetAsync(
        $"a message in {queue}", () => channel.BasicGetAsync(queue, autoAck: true, Stop), Stop);

    public static async Task<List<string>> DrainAsync(this IChannel channel, string queue)
    {
        List<string> bodies = [];
        while (await channel.TakeAsync(queue) is { } body) bodies.Add(body);
        return bodies;
    }

    /// <summary>Deliveries of a consumer, in their order.</summary>
    public static async Task<ChannelReader<BasicDeliverEventArgs>> ConsumeAsync(
        this IChannel channel, string queue, bool autoAck = false, Dictionary<string, object?>? arguments = null)
    {
        Channel<BasicDeliverEventArgs> deliveries = Channel.CreateUnbounded<BasicDeliverEventArgs>();
        AsyncEventingBasicConsumer consumer = new(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            // The client lends the body only for the length of this call.
            deliveries.Writer.TryWrite(new BasicDeliverEventArgs(
                delivery.ConsumerTag, delivery.DeliveryTag, delivery.Redelivered, delivery.Exchange, delivery.RoutingKey, delivery.BasicProperties,
                    delivery.Body.ToArray(), Stop));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck, "", false, false, arguments, consumer, Stop);
        return deliveries.Reader;
    }

    public static string Text(this BasicDeliverEventArgs delivery) => Encoding.UTF8.GetString(delivery.Body.Span);

    public static string? Header(this IReadOnlyBasicProperties properties, string name) => properties.Headers?[name] switch
    {
        byte[] octets => Encoding.UTF8.GetString(octets),
        { } value => value.ToString(),
        null => null,
    };
}
