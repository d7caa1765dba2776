using Quintet.TestKit.Systems;
using RabbitMQ.Client;

namespace Quintet.Console.Tests.Systems;

/// <summary>A broker in a process of its own, a console that looks into it, and a client beside them.</summary>
internal sealed class RunningBroker : IAsyncDisposable
{
    private readonly BoxProcess _broker;

    private RunningBroker(BoxProcess broker, RunningConsole console, IConnection connection, IChannel channel) =>
        (_broker, Console, Connection, Channel) = (broker, console, connection, channel);

    public RunningConsole Console { get; }

    public IConnection Connection { get; }

    /// <summary>With confirms: what was published is there.</summary>
    public IChannel Channel { get; }

    public static async Task<RunningBroker> StartAsync(CancellationToken cancellation)
    {
        BoxProcess broker = await BoxProcess.StartAsync("broker", cancellation);
        string address = $"amqp://guest:guest@127.0.0.1:{broker.Port}/%2F";
        RunningConsole console = await RunningConsole.StartAsync(
            null, ("Console:Parts:Broker", address), ("Console:Parts:Refresh", "00:00:00.1"),
            ("Console:Parts:Management", $"http://127.0.0.1:{broker.ManagementPort}"));
        IConnection connection = await new ConnectionFactory { Uri = new Uri(address) }.CreateConnectionAsync(cancellation);
        return new RunningBroker(broker, console, connection, await connection.CreateChannelAsync(new CreateChannelOptions(true, true), cancellation));
    }

    public async Task<uint> CountAsync(string queue, CancellationToken cancellation) =>
        (await Channel.QueueDeclarePassiveAsync(queue, cancellation)).MessageCount;

    public async ValueTask DisposeAsync()
    {
        await Channel.DisposeAsync();
        await Connection.DisposeAsync();
        await Console.DisposeAsync();
        await _broker.DisposeAsync();
    }
}
