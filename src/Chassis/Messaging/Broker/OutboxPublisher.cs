using System.Diagnostics;
using System.Text;
using Quintet.Chassis.Data;
using Quintet.Chassis.Messaging.Events;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Quintet.Chassis.Messaging.Broker;

/// <summary>What became of one published row.</summary>
internal enum PublishOutcome
{
    /// <summary>The broker has taken responsibility.</summary>
    Confirmed,

    /// <summary>No queue is bound for it.</summary>
    Returned,

    /// <summary>The broker answered nack, for example because a bound queue is full.</summary>
    Refused,

    /// <summary>The broker closed the channel over one of the rows that were under way; which one is known when it was alone.</summary>
    ChannelClosed,

    /// <summary>The connection or the broker's answer is lost: published or not, nobody knows, so it is published again.</summary>
    Lost,
}

/// <summary>Publishes outbox rows to <c>events</c>, mandatory and with confirms.</summary>
internal sealed class OutboxPublisher(BrokerConnection broker)
{
    public const string Exchange = "events";

    /// <summary>How long the broker has to confirm. A busy disk takes seconds; longer means that the connection is as good as gone.</summary>
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(15);

    private IChannel? _channel;

    /// <summary>Publishes rows of different subjects together and awaits all confirms.</summary>
    /// <exception cref="BrokerUnreachableException">There is no connection; nothing was published.</exception>
    public async Task<IReadOnlyList<(OutboxRow Row, PublishOutcome Outcome, string Text)>> PublishAsync(
        IReadOnlyList<OutboxRow> wave, CancellationToken cancellation)
    {
        IChannel channel = await OpenAsync(cancellation);
        // Begun work is finished at shutdown: the wave does not end by the loop's token but by its own deadline.
        using CancellationTokenSource late = new(ConfirmTimeout);
        Task<(PublishOutcome, string)>[] confirms = [.. wave.Select(row => PublishOneAsync(channel, row, late.Token))];
        (PublishOutcome Outcome, string Text)[] outcomes = await Task.WhenAll(confirms);
        return [.. wave.Zip(outcomes, (row, result) => (row, result.Outcome, result.Text))];
    }

    private static async Task<(PublishOutcome Outcome, string Text)> PublishOneAsync(IChannel channel, OutboxRow row, CancellationToken late)
    {
        using Activity? publishing = Tracing.Continue($"outbox {row.Type}", ActivityKind.Internal, row.TraceParent, row.TraceState);
        publishing?.SetTag("messaging.message.id", row.EventId);
        BasicProperties properties = new()
        {
            ContentType = EventEnvelope.ContentType,
            MessageId = row.EventId,
            Type = row.Type,
            Persistent = true,
            Timestamp = new AmqpTimestamp(row.AddedAt.ToUnixTimeSeconds()),
            Headers = TraceHeaders(publishing, row),
        };
        try
        {
            await channel.BasicPublishAsync(Exchange, row.Type, mandatory: true, properties, row.Body, late);
            return (PublishOutcome.Confirmed, "");
        }
        catch (PublishException fault)
        {
            return fault.IsReturn ? (PublishOutcome.Returned, "no queue is bound for it") : (PublishOutcome.Refused, "the broker answered nack");
        }
        catch (OperationInterruptedException) when (ClosedOverMessage(channel) is { } reason)
        {
            return (PublishOutcome.ChannelClosed, reason);
        }
        catch (Exception fault) when (fault is OperationInterruptedException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            return (PublishOutcome.Lost, fault.Message);
        }
    }

    // Channel errors that a message can cause: 403 a topic this user may not publish, 404 no exchange, 406 too large (AMQP 0-9-1 §1.2 and
    // RabbitMQ's additions). Everything else, and every end of the connection, is nobody's fault.
    private static string? ClosedOverMessage(IChannel channel) =>
        channel.CloseReason is { Initiator: ShutdownInitiator.Peer, ReplyCode: 403 or 404 or 406 or 311 } reason
            ? $"{reason.ReplyCode} {reason.ReplyText}"
            : null;

    private static Dictionary<string, object?> TraceHeaders(Activity? publishing, OutboxRow row)
    {
        Dictionary<string, object?> headers = [];
        if ((publishing?.Id ?? row.TraceParent) is { } parent) headers["traceparent"] = Encoding.ASCII.GetBytes(parent);
        if (row.TraceState is { } state) headers["tracestate"] = Encoding.ASCII.GetBytes(state);
        return headers;
    }

    private async Task<IChannel> OpenAsync(CancellationToken cancellation)
    {
        if (_channel is { IsOpen: true } open && broker.IsOpen) return open;
        if (_channel is { } dead) await dead.DisposeAsync();
        _channel = null;
        IConnection connection = await broker.OpenAsync(cancellation);
        IChannel channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
        await channel.ExchangeDeclareAsync(Exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: cancellation);
        return _channel = channel;
    }
}
