using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Conformance.Broker.Commands;

/// <summary>A durable queue of a broker at a port, and a connection to it that lasts no longer than what is done.</summary>
internal sealed class BrokerQueue(int port, string name)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public string Url => $"amqp://guest:guest@127.0.0.1:{port}/";

    public Task DeclareAsync(params (string Name, object? Value)[] arguments) => WithAsync(channel => channel.QueueDeclareAsync(
        name, true, false, false, arguments.ToDictionary(argument => argument.Name, argument => argument.Value), cancellationToken: Cancellation));

    /// <summary>Publishes numbers, from 0 up, and returns when all are confirmed.</summary>
    public Task FillAsync(int count, Action<BasicProperties>? with = null) => WithAsync(async channel =>
    {
        BasicProperties properties = new() { Persistent = true };
        with?.Invoke(properties);
        const int AtOnce = 1000;
        for (int first = 0; first < count; first += AtOnce)
            await Task.WhenAll(Enumerable.Range(first, Math.Min(AtOnce, count - first)).Select(number => channel.BasicPublishAsync(
                "", name, true, properties, Encoding.UTF8.GetBytes($"{number}"), Cancellation).AsTask()));
        return count;
    });

    public Task<uint> CountAsync() => WithAsync(channel => channel.MessageCountAsync(name, Cancellation));

    /// <summary>Takes everything out, in its order.</summary>
    public Task<List<BasicGetResult>> DrainAsync() => WithAsync(async channel =>
    {
        List<BasicGetResult> all = [];
        while (await channel.BasicGetAsync(name, true, Cancellation) is { } message) all.Add(message);
        return all;
    });

    /// <summary>Gives each up, so that it goes to where the dead go.</summary>
    public Task RejectAllAsync() => WithAsync(async channel =>
    {
        while (await channel.BasicGetAsync(name, false, Cancellation) is { } message) await channel.BasicRejectAsync(message.DeliveryTag, false, Cancellation);
        return true;
    });

    public static int NumberOf(BasicGetResult message) => int.Parse(Encoding.UTF8.GetString(message.Body.Span), CultureInfo.InvariantCulture);

    private async Task<T> WithAsync<T>(Func<IChannel, Task<T>> act)
    {
        ConnectionFactory factory = new() { Uri = new Uri(Url), AutomaticRecoveryEnabled = false };
        await using IConnection connection = await factory.CreateConnectionAsync(Cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancellation);
        return await act(channel);
    }
}
