using Quintet.Chassis.Tests.Doubles;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Chassis.Tests.Messaging;

/// <summary>
/// What tests of events over RabbitMQ have in common. Each test is a service of its own name, on a database of its own, so none sees another's
/// queues.
/// </summary>
public abstract class OrdersOverRabbit(RabbitNode rabbit, PostgresServer? server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private string[] _database = [];

    internal HandlerScript Script { get; } = new();

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected string Name { get; } = $"test{Guid.NewGuid():N}";

    protected string Queue => $"{Name}.orders.order-placed";

    protected int RabbitPort => rabbit.Port;

    /// <summary>The test's own.</summary>
    protected IConnection Connection { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Connection = await rabbit.ConnectAsync(Cancellation);
        _database = await PostgresServer.SettingsOfNewAsync(server, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        // Left alone, the queues of this test would take the events of the next.
        await using (IChannel channel = await Connection.CreateChannelAsync(cancellationToken: Cancellation))
            await channel.QueueDeleteAsync(Queue, cancellationToken: Cancellation);
        await Connection.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>An instance with a handler that follows <see cref="Script"/>.</summary>
    internal Task<OrdersService> StartAsync(params string[] settings) => OrdersService.StartAsync(
        _folder, builder => OrderHandler.Add(builder, Script), [$"AMQP_URL={rabbit.Url}", $"QUINTET_SERVICE={Name}", .. _database, .. settings]);

    /// <summary>One that only publishes.</summary>
    internal Task<OrdersService> StartPublisherAsync() => OrdersService.StartAsync(
        _folder, null, [$"AMQP_URL={rabbit.Url}", $"QUINTET_SERVICE={Name}", .. _database]);

    /// <summary>
    /// On a connection of its own: RabbitMQ closes the channel over a queue that is not there yet, and everything over one that is being made.
    /// </summary>
    protected async Task<T> AskAsync<T>(Func<IChannel, Task<T>> ask)
    {
        await using IConnection connection = await rabbit.ConnectAsync(Cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        return await ask(channel);
    }

    protected Task<uint> CountAsync(string queue) => AskAsync(channel => channel.MessageCountAsync(queue, Cancellation));
}
