using System.Collections.Concurrent;
using System.Globalization;
using RabbitMQ.Client;
using Quintet.Broker.Tests.Systems;

namespace Quintet.Broker.Tests.Hosts;

/// <summary>
/// Publishers and a consumer against a broker that is about to die, and the books of what it promised: confirms, and acknowledgements that a later
/// confirm on their channel covers.
/// </summary>
internal sealed class ShadowTraffic
{
    /// <summary>Filled through a fanout exchange, one copy each.</summary>
    public static readonly string[] Queues = ["plain", "counted", "ranked", "dying", "kept"];

    private const int Publishers = 3;
    private const int Outstanding = 40;

    private int _next;

    /// <summary>Confirmed in all of <see cref="Queues"/>.</summary>
    public ConcurrentDictionary<int, byte> Confirmed { get; } = [];

    /// <summary>Acknowledged in the queue <c>plain</c>.</summary>
    public ConcurrentDictionary<int, byte> AckAsked { get; } = [];

    /// <summary>The same, and a confirm came after it.</summary>
    public ConcurrentDictionary<int, byte> AckDurable { get; } = [];

    /// <summary>Returned that often to the queue <c>counted</c>, and a confirm came after it.</summary>
    public ConcurrentDictionary<int, int> Returned { get; } = [];

    public ConcurrentDictionary<int, byte> Rejected { get; } = [];

    public static byte PriorityOf(int number) => (byte)(number % 6);

    public static async Task DeclareAsync(IConnection connection)
    {
        await using IChannel channel = await connection.ChannelAsync();
        await channel.ExchangeDeclareAsync("all", "fanout", durable: true);
        await channel.QueueAsync("plain");
        await channel.QueueAsync("counted", ("x-queue-type", "quorum"), ("x-delivery-limit", -1));
        await channel.QueueAsync("ranked", ("x-max-priority", 5));
        await channel.QueueAsync("dying", ("x-queue-type", "quorum"), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"),
            ("x-dead-letter-strategy", "at-least-once"), ("x-overflow", "reject-publish"));
        await channel.QueueAsync("kept", ("x-queue-type", "stream"), ("x-stream-max-segment-size-bytes", 20_000));
        await channel.QueueAsync("dead");
        await channel.QueueAsync("markers");
        foreach (string queue in Queues) await channel.QueueBindAsync(queue, "all", "");
    }

    /// <summary>Goes on until the broker dies, which <paramref name="kill"/> sees to once that many more are confirmed.</summary>
    public async Task RunAsync(Func<Task<IConnection>> connect, int confirms, Func<Task> kill)
    {
        List<IConnection> connections = [];
        for (int count = 0; count < Publishers + 1; count++) connections.Add(await connect());
        await DeclareAsync(connections[0]);
        int target = Confirmed.Count + confirms;
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource dead = CancellationTokenSource.CreateLinkedTokenSource(Xunit.TestContext.Current.CancellationToken);
        Task[] work =
        [
            .. connections.Take(Publishers).Select(connection => UntilDeadAsync(() => PublishAsync(connection, () => Confirmed.Count >= target, reached))),
            UntilDeadAsync(() => AcknowledgeAsync(connections[^1], dead.Token)),
            UntilDeadAsync(() => ReturnAsync(connections[^1], dead.Token)),
            UntilDeadAsync(() => RejectAsync(connections[^1], dead.Token)),
        ];
        await await Task.WhenAny(reached.Task, Task.WhenAll(work));
        await kill();
        await dead.CancelAsync();
        await Task.WhenAll(work);
        foreach (IConnection connection in connections) connection.Dispose();
    }

    private static async Task UntilDeadAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception failure) when (failure is IOException or RabbitMQ.Client.Exceptions.RabbitMQClientException or ObjectDisposedException
            or OperationCanceledException)
        {
            // It died, as planned.
        }
    }

    private async Task PublishAsync(IConnection connection, Func<bool> isEnough, TaskCompletionSource reached)
    {
        await using IChannel channel = await connection.ConfirmingAsync();
        while (true)
        {
            List<Task> window = [];
            for (int count = 0; count < Outstanding; count++) window.Add(PublishOneAsync(channel, Interlocked.Increment(ref _next)));
            await Task.WhenAll(window);
            if (isEnough()) reached.TrySetResult();
        }
    }

    private async Task PublishOneAsync(IChannel channel, int number)
    {
        BasicProperties properties = new() { Persistent = true, Priority = PriorityOf(number), Expiration = number % 10 == 0 ? "3600000" : null };
        await channel.BasicPublishAsync("all", "", true, properties, System.Text.Encoding.UTF8.GetBytes($"{number}"));
        Confirmed.TryAdd(number, 0);
    }

    /// <summary>Acknowledges half of what it sees and keeps the rest, so that old messages stay between settled ones.</summary>
    private async Task AcknowledgeAsync(IConnection connection, CancellationToken dead)
    {
        await using IChannel channel = await connection.ConfirmingAsync();
        List<int> asked = [];
        await foreach (var delivery in (await channel.ConsumeAsync("plain")).ReadAllAsync(dead))
        {
            int number = int.Parse(delivery.Text(), CultureInfo.InvariantCulture);
            if (number % 2 == 0) continue;
            AckAsked.TryAdd(number, 0);
            await channel.BasicAckAsync(delivery.DeliveryTag, false, dead);
            asked.Add(number);
            if (asked.Count < 20) continue;
            await channel.SendAsync("markers", "acks");
            asked.ForEach(done => AckDurable.TryAdd(done, 0));
            asked.Clear();
        }
    }

    /// <summary>Sends every delivery back, so that counts grow.</summary>
    private async Task ReturnAsync(IConnection connection, CancellationToken dead)
    {
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.BasicQosAsync(0, 10, false, dead);
        Dictionary<int, int> returned = [];
        int since = 0;
        await foreach (var delivery in (await channel.ConsumeAsync("counted")).ReadAllAsync(dead))
        {
            int number = int.Parse(delivery.Text(), CultureInfo.InvariantCulture);
            await channel.BasicNackAsync(delivery.DeliveryTag, false, requeue: true, dead);
            returned[number] = returned.GetValueOrDefault(number) + 1;
            if (++since % 20 != 0) continue;
            await channel.SendAsync("markers", "returns");
            foreach ((int done, int count) in returned) Returned.AddOrUpdate(done, count, (_, before) => before + count);
            returned.Clear();
        }
    }

    private async Task RejectAsync(IConnection connection, CancellationToken dead)
    {
        await using IChannel channel = await connection.ChannelAsync();
        await foreach (var delivery in (await channel.ConsumeAsync("dying")).ReadAllAsync(dead))
        {
            int number = int.Parse(delivery.Text(), CultureInfo.InvariantCulture);
            if (number % 3 != 0) continue;
            Rejected.TryAdd(number, 0);
            await channel.BasicRejectAsync(delivery.DeliveryTag, requeue: false, dead);
        }
    }
}
