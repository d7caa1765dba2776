using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;

namespace Quintet.Broker.Connections.Consumers;

/// <summary>
/// Closes channels that hold a delivery for too long: RabbitMQ's consumer_timeout. The limit is the queue's (argument and policy, the smaller), or else
/// that of the settings; where there is neither, nothing is looked for.
/// </summary>
internal sealed partial class ConsumerTimeouts(BrokerContext broker) : BackgroundService
{
    private readonly long _started = broker.Node.Time.GetTimestamp();

    /// <summary>Looks at all channels once.</summary>
    public void Look()
    {
        TimeSpan now = broker.Node.Time.GetElapsedTime(_started);
        foreach (Connection connection in broker.Connections.All)
            foreach (Channel channel in connection.Channels)
            {
                if (channel.IsReleased) continue;
                // While nothing is read from a client, its acks may be on their way: that is not its fault.
                if (connection.IsHeldBack) channel.Ages.Forget();
                else if (channel.Ages.FindOverdue(now, TimeoutOf) is { } overdue) Close(connection, channel, overdue);
            }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(broker.Limits.ConsumerTimeoutInterval, broker.Node.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) Look();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The broker stops.
        }
    }

    private void Close(Connection connection, Channel channel, in UnackedMessage overdue)
    {
        long timeoutMs = (long)TimeoutOf(overdue.Queue)!.Value.TotalMilliseconds;
        string consumer = overdue.Consumer?.Tag ?? "(basic.get)";
        Log.TimedOut(broker.Logger, consumer, channel.Number, connection.Name, overdue.DeliveryTag, overdue.Queue.Name, timeoutMs);
        connection.CloseOverdue(channel, overdue.DeliveryTag, new AmqpException(
            ReplyCode.PreconditionFailed,
            $"delivery acknowledgement on channel {channel.Number} timed out. Timeout value used: {timeoutMs} ms. "
            + "This timeout value can be configured, see consumers doc guide to learn more",
            0));
    }

    private TimeSpan? TimeoutOf(Queue queue)
    {
        if (queue.Settings.ConsumerTimeoutMs is { } own) return TimeSpan.FromMilliseconds(own);
        return broker.Limits.ConsumerTimeout > TimeSpan.Zero ? broker.Limits.ConsumerTimeout : null;
    }

    private static partial class Log
    {
        [LoggerMessage(1120, LogLevel.Warning, "Consumer {Consumer} on channel {Channel} of {Connection} did not settle delivery {Tag} from queue {Queue} "
            + "within {Timeout} ms; its channel is closed and the message goes back")]
        public static partial void TimedOut(
            ILogger logger, string consumer, ushort channel, string connection, ulong tag, string queue, long timeout);
    }
}
