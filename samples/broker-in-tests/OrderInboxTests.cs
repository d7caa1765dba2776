using System.Text;
using Quintet.Broker;
using RabbitMQ.Client;
using Xunit;

namespace Orders.Tests;

public sealed class OrderInboxTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_order_arrives()
    {
        await using QuintetBroker broker = await QuintetBroker.StartAsync(cancellationToken: Cancellation);
        await using OrderInbox inbox = new(broker.AmqpUrl);
        await inbox.StartAsync();

        await SendAsync(broker, "two coffees");

        Assert.Equal("two coffees", await inbox.NextAsync(Cancellation));
    }

    [Fact]
    public async Task Orders_arrive_again_after_the_broker_was_away()
    {
        await using QuintetBroker broker = await QuintetBroker.StartAsync(cancellationToken: Cancellation);
        await using OrderInbox inbox = new(broker.AmqpUrl);
        await inbox.StartAsync();

        await broker.RestartAsync(Cancellation);
        await SendAsync(broker, "two coffees");

        Assert.Equal("two coffees", await inbox.NextAsync(Cancellation));
    }

    private static async Task SendAsync(QuintetBroker broker, string order)
    {
        await using IConnection connection = await new ConnectionFactory { Uri = broker.AmqpUrl }.CreateConnectionAsync(Cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancellation);
        BasicProperties durable = new() { Persistent = true };
        await channel.BasicPublishAsync("", "orders", mandatory: true, durable, Encoding.UTF8.GetBytes(order), Cancellation);
    }
}
