using System.Collections.Concurrent;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Orders.Tests;

/// <summary>The code under test: takes orders from a queue.</summary>
internal sealed class OrderInbox(Uri broker) : IAsyncDisposable
{
    private readonly BlockingCollection<string> _orders = [];
    private IConnection? _connection;

    public async Task StartAsync()
    {
        ConnectionFactory factory = new() { Uri = broker, NetworkRecoveryInterval = TimeSpan.FromMilliseconds(100) };
        _connection = await factory.CreateConnectionAsync();
        IChannel channel = await _connection.CreateChannelAsync();
        await channel.QueueDeclareAsync("orders", durable: true, exclusive: false, autoDelete: false);
        AsyncEventingBasicConsumer consumer = new(channel);
        consumer.ReceivedAsync += async (_, order) =>
        {
            _orders.Add(Encoding.UTF8.GetString(order.Body.Span));
            await channel.BasicAckAsync(order.DeliveryTag, multiple: false);
        };
        await channel.BasicConsumeAsync("orders", autoAck: false, consumer);
    }

    public Task<string> NextAsync(CancellationToken cancellation) => Task.Run(() => _orders.Take(cancellation), cancellation);

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        _orders.Dispose();
    }
}
