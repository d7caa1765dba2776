using System.Threading.Channels;
using Quintet.Console.DeadLetters;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Quintet.Console.Streams;

/// <summary>Reads streams, which takes nothing out of them, and sends what they kept once more.</summary>
internal sealed class StreamDesk(Uri broker, TimeSpan patience, TimeProvider time)
{
    public const string SentBy = "x-quintet-sent-again-by";
    public const string SentFrom = "x-quintet-sent-again-from";

    /// <summary>A stream does not say where it ends; when it says nothing for so long, that was all.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    /// <summary>A page keeps what it read; above so much of bodies it ends early, and the next one goes on.</summary>
    private const int BytesMax = 4 << 20;

    /// <summary>The messages from a place on.</summary>
    /// <param name="stream">The queue.</param>
    /// <param name="from">The place.</param>
    /// <param name="count">At most so many.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<IReadOnlyList<StreamEntry>> ReadAsync(string stream, StreamPlace from, int count, CancellationToken cancellation)
    {
        await using IConnection connection = await OwnConnection.OpenAsync(broker, "quintet console", cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        await channel.BasicQosAsync(0, (ushort)count, global: false, cancellation);
        Channel<StreamEntry> arrived = Channel.CreateUnbounded<StreamEntry>();
        AsyncEventingBasicConsumer consumer = new(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            arrived.Writer.TryWrite(EntryOf(delivery));
            return Task.CompletedTask;
        };
        consumer.ShutdownAsync += (_, end) =>
        {
            arrived.Writer.TryComplete(new OperationInterruptedException(end));
            return Task.CompletedTask;
        };
        Dictionary<string, object?> arguments = new() { [StreamEntry.OffsetHeader] = from.Offset };
        await channel.BasicConsumeAsync(stream, autoAck: false, "", noLocal: false, exclusive: false, arguments, consumer, cancellation);
        List<StreamEntry> entries = [];
        long bytes = 0;
        while (entries.Count < count && bytes < BytesMax)
        {
            // The first one may have to be looked for in a large file.
            if (await NextAsync(arrived.Reader, entries.Count == 0 ? patience : Quiet, cancellation) is not { } entry) break;
            entries.Add(entry);
            bytes += entry.Body.Length;
        }

        return entries;
    }

    /// <summary>Publishes a message once more, confirmed; a mark says who did it and where it comes from.</summary>
    /// <exception cref="ArgumentException">No queue takes it.</exception>
    public async Task SendAgainAsync(string stream, StreamEntry entry, (string Exchange, string RoutingKey) to, string who, CancellationToken cancellation)
    {
        await using IConnection connection = await OwnConnection.OpenAsync(broker, "quintet console", cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
        BasicProperties properties = Moved.PropertiesOf(entry.Properties);
        properties.Headers = (properties.Headers ?? new Dictionary<string, object?>())
            .Where(header => header.Key != StreamEntry.OffsetHeader).ToDictionary(header => header.Key, header => header.Value);
        properties.Headers[SentBy] = who;
        properties.Headers[SentFrom] = $"{stream}@{entry.Offset}";
        try
        {
            await channel.BasicPublishAsync(to.Exchange, to.RoutingKey, mandatory: true, properties, entry.Body, cancellation);
        }
        catch (PublishException refused)
        {
            throw new ArgumentException(refused.IsReturn
                ? $"No queue takes '{to.RoutingKey}' from the exchange '{to.Exchange}'; nothing was sent."
                : "The broker does not take it; nothing was sent.", refused);
        }
    }

    private async Task<StreamEntry?> NextAsync(ChannelReader<StreamEntry> arrived, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            return await arrived.ReadAsync(cancellation).AsTask().WaitAsync(limit, time, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }
        catch (ChannelClosedException closed) when (closed.InnerException is OperationInterruptedException why)
        {
            throw new OperationInterruptedException(why.ShutdownReason!);
        }
    }

    private static StreamEntry EntryOf(BasicDeliverEventArgs delivery) => new(
        Convert.ToInt64(delivery.BasicProperties.Headers![StreamEntry.OffsetHeader], System.Globalization.CultureInfo.InvariantCulture),
        delivery.Exchange, delivery.RoutingKey, new BasicProperties(delivery.BasicProperties), delivery.Body.ToArray());
}
