using System.Text.Json;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;

namespace Quintet.Frameworks.Queues;

/// <summary>Looks into a framework's queue from outside, with a connection of its own.</summary>
internal static class PlainQueue
{
    /// <summary>Waits for a message and takes it; the queue itself may still have to be declared.</summary>
    public static async Task<BasicGetResult> TakeAsync(BoxProcess broker, string queue, CancellationToken cancellation)
    {
        await using IConnection connection = await new ConnectionFactory { HostName = "127.0.0.1", Port = broker.Port }.CreateConnectionAsync(cancellation);
        return await Eventually.GetAsync($"a message in {queue}", () => TryTakeAsync(connection, queue, cancellation), cancellation);
    }

    /// <summary>Publishes bodies as JSON, persistent; each is confirmed when this returns.</summary>
    public static async Task PublishAsync<T>(BoxProcess broker, string queue, IEnumerable<T> bodies, CancellationToken cancellation)
    {
        await using IConnection connection = await new ConnectionFactory { HostName = "127.0.0.1", Port = broker.Port }.CreateConnectionAsync(cancellation);
        CreateChannelOptions confirming = new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        await using IChannel channel = await connection.CreateChannelAsync(confirming, cancellation);
        BasicProperties persistent = new() { Persistent = true, ContentType = "application/json" };
        await Task.WhenAll(bodies.Select(body => channel.BasicPublishAsync(
            "", queue, mandatory: true, persistent, JsonSerializer.SerializeToUtf8Bytes(body), cancellation).AsTask()));
    }

    public static async Task<uint> CountAsync(BoxProcess broker, string queue, CancellationToken cancellation)
    {
        await using IConnection connection = await new ConnectionFactory { HostName = "127.0.0.1", Port = broker.Port }.CreateConnectionAsync(cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        return await channel.MessageCountAsync(queue, cancellation);
    }

    /// <summary>On a channel of its own, since asking for a queue that is missing ends the channel.</summary>
    private static async Task<BasicGetResult?> TryTakeAsync(IConnection connection, string queue, CancellationToken cancellation)
    {
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        return await channel.BasicGetAsync(queue, autoAck: true, cancellation);
    }
}
