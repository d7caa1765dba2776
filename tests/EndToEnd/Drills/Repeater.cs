using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Quintet.EndToEnd.Drills;

/// <summary>
/// Delivers events once more, some at once and some seconds later, behind the back of their publisher: from a queue of its own that gets every
/// sign-up, straight into the consumer's queue.
/// </summary>
internal sealed class Repeater(Func<string> amqpUrl, int seed, DrillLog log)
{
    private const string Copies = "drill.copies";
    private const string Target = "notifications.users.user-created";
    private int _repeated;

    public int Repeated => _repeated;

    /// <summary>Repeats until told to stop, over as many connections as it takes.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                // The broker may be away for as long as a whole system takes to start.
                await using IConnection connection = await Eventually.GetAsync(
                    "the repeater's connection", () => TryConnectAsync(stop), stop, TimeSpan.FromMinutes(10));
                await RepeatAsync(connection, stop);
            }
            catch (Exception fault) when (IsEnd(fault))
            {
                if (!stop.IsCancellationRequested) log.Say($"  the repeater has lost the broker: {fault.Message}");
            }
        }
    }

    /// <summary>Leaves nothing of its own behind.</summary>
    public async Task RemoveAsync(CancellationToken cancellation)
    {
        await using IConnection connection = await ConnectAsync(cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        await channel.QueueDeleteAsync(Copies, ifUnused: false, ifEmpty: false, cancellationToken: cancellation);
    }

    private async Task RepeatAsync(IConnection connection, CancellationToken stop)
    {
        Random random = new(seed);
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration asked = stop.Register(() => ended.TrySetResult());
        connection.ConnectionShutdownAsync += (_, _) =>
        {
            ended.TrySetResult();
            return Task.CompletedTask;
        };
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: stop);
        await channel.ExchangeDeclareAsync("events", ExchangeType.Topic, durable: true, cancellationToken: stop);
        await channel.QueueDeclareAsync(Copies, durable: true, exclusive: false, autoDelete: false, cancellationToken: stop);
        await channel.QueueBindAsync(Copies, "events", "users.user-created", cancellationToken: stop);
        AsyncEventingBasicConsumer consumer = new(channel);
        List<Task> delayed = [];
        consumer.ReceivedAsync += async (_, delivered) =>
        {
            byte[] body = delivered.Body.ToArray(); // borrowed until this returns
            BasicProperties properties = new(delivered.BasicProperties);
            for (int repeats = random.Next(3); repeats > 0; repeats--)
                delayed.Add(SendAsync(channel, properties, body, TimeSpan.FromMilliseconds(random.Next(2) * random.Next(4000)), ended.Task));
            delayed.RemoveAll(task => task.IsCompleted);
            await channel.BasicAckAsync(delivered.DeliveryTag, multiple: false, CancellationToken.None);
        };
        await channel.BasicConsumeAsync(Copies, autoAck: false, consumer, stop);
        await ended.Task;
        await Task.WhenAll(delayed);
    }

    private async Task SendAsync(IChannel channel, BasicProperties properties, byte[] body, TimeSpan delay, Task ended)
    {
        try
        {
            await ended.WaitAsync(delay, TimeProvider.System, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            // It is late enough.
        }

        try
        {
            await channel.BasicPublishAsync("", Target, mandatory: false, properties, body, CancellationToken.None);
            Interlocked.Increment(ref _repeated);
        }
        catch (Exception fault) when (IsEnd(fault))
        {
            // A repetition that is lost is missed by nobody.
        }
    }

    private async Task<IConnection?> TryConnectAsync(CancellationToken cancellation) => await ConnectAsync(cancellation);

    private async Task<IConnection> ConnectAsync(CancellationToken cancellation) =>
        await new ConnectionFactory
        {
            Uri = new Uri(amqpUrl()),
            AutomaticRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(5),
            ClientProvidedName = "drill",
        }.CreateConnectionAsync(cancellation);

    private static bool IsEnd(Exception fault) =>
        fault is RabbitMQClientException or IOException or OperationCanceledException or TimeoutException or ObjectDisposedException;
}
