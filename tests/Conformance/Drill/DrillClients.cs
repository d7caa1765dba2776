using System.Text;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Quintet.Conformance.Drill;

/// <summary>The clients of one queue: each works until its connection breaks, and begins again on a new one.</summary>
internal sealed class DrillClients(BoxProcess broker, string queue, string queueType, Ledger ledger, CancellationToken stop)
{
    private const int InFlight = 32;
    private const int SettleEvery = 10;

    // RabbitMQ.Client 7.2.2 never answers a publish that begins at the moment at which its connection ends.
    private static readonly TimeSpan ConfirmMax = TimeSpan.FromSeconds(30);

    /// <summary>Publishes with confirms, a window at a time.</summary>
    public Task PublishAsync(int publisher)
    {
        int next = 0;
        return RepeatAsync(new CreateChannelOptions(true, true), async (channel, _) =>
        {
            Queue<(Item Item, Task Confirmed)> window = [];
            while (!stop.IsCancellationRequested)
            {
                Item item = new(publisher, next++);
                window.Enqueue((item, SendAsync(channel, item).AsTask()));
                if (window.Count == InFlight) await ConfirmOneAsync(window);
            }

            while (window.Count > 0) await ConfirmOneAsync(window);
        });
    }

    /// <summary>Publishes in transactions of five.</summary>
    public Task PublishInTransactionsAsync(int publisher)
    {
        int next = 0;
        return RepeatAsync(null, async (channel, _) =>
        {
            await channel.TxSelectAsync(CancellationToken.None);
            while (!stop.IsCancellationRequested)
            {
                Item[] batch = [.. Enumerable.Range(next, 5).Select(number => new Item(publisher, number))];
                next += batch.Length;
                foreach (Item item in batch) await SendAsync(channel, item);
                await channel.TxCommitAsync(CancellationToken.None);
                foreach (Item item in batch) ledger.Confirm(item);
            }
        });
    }

    /// <summary>
    /// Acknowledges what comes and knows every tenth time that it has arrived: an empty transaction's commit-ok comes after the sync of all before it.
    /// </summary>
    public Task ConsumeAsync(string name)
    {
        int session = 0;
        return RepeatAsync(null, async (channel, closed) =>
        {
            await channel.TxSelectAsync(CancellationToken.None);
            await channel.BasicQosAsync(0, InFlight, false, CancellationToken.None);
            string who = $"{name}, connection {++session}";
            List<Item> acked = [];
            AsyncEventingBasicConsumer consumer = new(channel);
            consumer.ReceivedAsync += async (_, message) =>
            {
                Item item = Item.Parse(Encoding.UTF8.GetString(message.Body.Span));
                ledger.Deliver(who, item, message.Redelivered);
                await channel.BasicAckAsync(message.DeliveryTag, multiple: false, CancellationToken.None);
                ledger.Ack(item);
                acked.Add(item);
                if (acked.Count < SettleEvery) return;
                await channel.TxCommitAsync(CancellationToken.None);
                foreach (Item settled in acked) ledger.Settle(settled);
                acked.Clear();
            };
            await channel.BasicConsumeAsync(queue, autoAck: false, consumer, CancellationToken.None);
            await closed;
        });
    }

    public async Task<List<Item>> DrainAsync(CancellationToken cancellation)
    {
        await using IConnection connection = await ConnectAsync(cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        uint expected = await channel.MessageCountAsync(queue, cancellation);
        List<Item> items = [];
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        AsyncEventingBasicConsumer consumer = new(channel);
        consumer.ReceivedAsync += (_, message) =>
        {
            items.Add(Item.Parse(Encoding.UTF8.GetString(message.Body.Span)));
            if (items.Count == expected) all.TrySetResult();
            return Task.CompletedTask;
        };
        string tag = await channel.BasicConsumeAsync(queue, autoAck: true, consumer, cancellation);
        if (expected > 0) await all.Task.WaitAsync(Eventually.Deadline, cancellation);
        await channel.BasicCancelAsync(tag, cancellationToken: cancellation);
        return await channel.MessageCountAsync(queue, cancellation) == 0 ? items : throw new InvalidOperationException($"{queue} has got more meanwhile");
    }

    private ValueTask SendAsync(IChannel channel, Item item)
    {
        ledger.Sent(item);
        return channel.BasicPublishAsync(
            "", queue, true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes(item.ToString()), CancellationToken.None);
    }

    private async Task ConfirmOneAsync(Queue<(Item Item, Task Confirmed)> window)
    {
        (Item item, Task confirmed) = window.Dequeue();
        await confirmed.WaitAsync(ConfirmMax, CancellationToken.None);
        ledger.Confirm(item);
    }

    private async Task RepeatAsync(CreateChannelOptions? options, Func<IChannel, Task, Task> work)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using IConnection connection = await ConnectAsync(stop);
                TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
                connection.ConnectionShutdownAsync += (_, _) =>
                {
                    closed.TrySetResult();
                    return Task.CompletedTask;
                };
                await using CancellationTokenRegistration stopped = stop.Register(() => closed.TrySetResult());
                await using IChannel channel = await connection.CreateChannelAsync(options, CancellationToken.None);
                await channel.QueueDeclareAsync(
                    queue, durable: true, exclusive: false, autoDelete: false,
                    new Dictionary<string, object?> { ["x-queue-type"] = queueType }, cancellationToken: CancellationToken.None);
                await work(channel, closed.Task);
            }
            catch (Exception fault) when (IsEndOfConnection(fault))
            {
                // The broker was killed: what is unanswered stays unknown, and the next connection goes on.
            }
        }
    }

    private static bool IsEndOfConnection(Exception fault) =>
        fault is RabbitMQClientException or IOException or OperationCanceledException or TimeoutException or ObjectDisposedException;

    private Task<IConnection> ConnectAsync(CancellationToken cancellation) =>
        new ConnectionFactory
        {
            HostName = "127.0.0.1",
            Port = broker.Port,
            AutomaticRecoveryEnabled = false,
            ContinuationTimeout = TimeSpan.FromSeconds(60),
        }.CreateConnectionAsync(cancellation);
}
