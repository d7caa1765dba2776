using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Chassis.Loops;
using Quintet.Chassis.Messaging.Broker;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Quintet.Chassis.Messaging;

/// <summary>
/// Keeps the service's consumers attached to the broker, for ever: whatever ends the connection or one channel, everything is closed and
/// made anew after a pause. What was under way is not acknowledged and is delivered again.
/// </summary>
internal sealed partial class ConsumerLoop(
    IEnumerable<Consumer> consumers, OutboxBoard board, ChassisOptions chassis, IOptions<MessagingOptions> options, IOptions<HostOptions> host,
    TimeProvider time, ILogger<ConsumerLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(3);

    // Of the time that the process has to stop, what is left for closing connections once the handlers in hand have ended.
    private static readonly TimeSpan ClosingMax = TimeSpan.FromSeconds(2);

    // When the connection is lost they cannot acknowledge any more; a moment spares most events a second handling, and then the others go on.
    private static readonly TimeSpan LostMax = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (chassis.BrokerUrl is null)
        {
            board.ConsumeFault = "AMQP_URL is not set; no event is consumed";
            Log.NoBroker(logger);
            return;
        }

        int failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using BrokerConnection broker = new(chassis, "consumers");
                string end = await ConsumeAsync(broker, () => failures = 0, stoppingToken);
                if (stoppingToken.IsCancellationRequested) break;
                board.ConsumeFault = end;
                Log.Ended(logger, end);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault)
            {
                board.ConsumeFault = fault.Message;
                if (failures == 0) Log.Failed(logger, fault);
                else Log.StillFailing(logger, failures + 1, fault.Message);
            }

            await Backoff.DelayAsync(++failures, RetryMax, time, stoppingToken);
        }
    }

    /// <summary>Consumes until something ends.</summary>
    /// <returns>What.</returns>
    private async Task<string> ConsumeAsync(BrokerConnection broker, Action attached, CancellationToken stopping)
    {
        TaskCompletionSource<string> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration asked = stopping.Register(() => ended.TrySetResult("asked to stop"));
        IConnection connection = await broker.OpenAsync(stopping);
        connection.ConnectionShutdownAsync += (_, reason) => End(ended, reason);

        // Handlers are not cut short by the stop: they get the time that Attachment gives them, and this token after it.
        using CancellationTokenSource abandon = new();
        List<Attachment> attachments = [];
        try
        {
            foreach (Consumer consumer in consumers.TakeWhile(_ => !stopping.IsCancellationRequested))
                attachments.Add(await AttachAsync(connection, consumer, ended, abandon.Token));
            if (attachments.Count > 0 && !stopping.IsCancellationRequested)
            {
                board.ConsumeFault = null;
                attached();
                Log.Attached(logger, attachments.Count);
            }

            return await ended.Task;
        }
        finally
        {
            // Also when the stop comes while the others are being attached: the first may have an event in hand by then.
            TimeSpan finishMax = stopping.IsCancellationRequested ? Longer(host.Value.ShutdownTimeout - ClosingMax, ClosingMax) : LostMax;
            await Task.WhenAll(attachments.Select(attachment => attachment.FinishAsync(finishMax)));
            await abandon.CancelAsync();
        }
    }

    private async Task<Attachment> AttachAsync(IConnection connection, Consumer consumer, TaskCompletionSource<string> ended, CancellationToken abandoned)
    {
        CreateChannelOptions confirmed = new(
            publisherConfirmationsEnabled: true,
            publisherConfirmationTrackingEnabled: true,
            consumerDispatchConcurrency: (ushort)options.Value.Concurrency);
        IChannel channel = await connection.CreateChannelAsync(confirmed, abandoned);
        channel.ChannelShutdownAsync += (_, reason) => End(ended, reason);

        ConsumerTopology topology = new(chassis.Service, consumer.EventType);
        await topology.DeclareAsync(channel, abandoned);
        await channel.BasicQosAsync(0, (ushort)options.Value.Prefetch, global: false, abandoned);

        AsyncEventingBasicConsumer receiver = new(channel);
        Attachment attachment = new(channel, time);
        receiver.ReceivedAsync += (_, delivered) => attachment.RunAsync(
            () => TakeAsync(consumer, new Delivery(channel, topology, delivered), topology.Queue, ended, abandoned));
        // The broker cancels a consumer whose queue was deleted; declaring it anew brings both back.
        receiver.UnregisteredAsync += (_, _) =>
        {
            ended.TrySetResult($"the consumer of {topology.Queue} was cancelled");
            return Task.CompletedTask;
        };
        attachment.Tag = await channel.BasicConsumeAsync(topology.Queue, autoAck: false, receiver, abandoned);
        return attachment;
    }

    private async Task TakeAsync(Consumer consumer, Delivery delivery, string queue, TaskCompletionSource<string> ended, CancellationToken abandoned)
    {
        if (abandoned.IsCancellationRequested) return; // delivered again elsewhere
        try
        {
            await consumer.TakeAsync(delivery, queue, abandoned);
        }
        catch (Exception fault)
        {
            // The channel went away under the delivery, or its copy was never confirmed, or it is a bug. A new connection brings it again; without
            // one it would stay unacknowledged, and take up its place among the prefetched, for ever.
            Log.DeliveryLost(logger, queue, fault);
            ended.TrySetResult($"a delivery of {queue} could not be brought to an end");
        }
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static Task End(TaskCompletionSource<string> ended, ShutdownEventArgs reason)
    {
        ended.TrySetResult($"{reason.ReplyCode} {reason.ReplyText}");
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(6311, LogLevel.Information, "Consuming {Count} types of events")]
        public static partial void Attached(ILogger logger, int count);

        [LoggerMessage(6312, LogLevel.Warning, "Consuming ended and starts again: {Reason}")]
        public static partial void Ended(ILogger logger, string reason);

        [LoggerMessage(6313, LogLevel.Warning, "Consuming failed; it is tried again for ever")]
        public static partial void Failed(ILogger logger, Exception fault);

        [LoggerMessage(6314, LogLevel.Debug, "Consuming failed {Failures} times in a row: {Reason}")]
        public static partial void StillFailing(ILogger logger, int failures, string reason);

        [LoggerMessage(6315, LogLevel.Warning, "A delivery of {Queue} could not be brought to an end and will be delivered again")]
        public static partial void DeliveryLost(ILogger logger, string queue, Exception fault);

        [LoggerMessage(6316, LogLevel.Warning, "AMQP_URL is not set: this service's consumers do not run")]
        public static partial void NoBroker(ILogger logger);
    }
}
