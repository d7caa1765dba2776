using System.Globalization;
using System.Text;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Topology.Delays;

/// <summary>Routes a message that has waited, and moves it into its queues: its old copy is settled in the record that stores the new ones.</summary>
internal sealed class DueMessages(Exchange exchange, QueueServices services)
{
    private readonly Intake _intake = new(services.Store, services.Hops);

    /// <summary>False: not now, try again later.</summary>
    public async ValueTask<bool> MoveAsync(MemoryMessage? memory, MessageRef held, CancellationToken stop)
    {
        try
        {
            await services.Store.RoomAsync(stop);
            if (memory is not null) return Move(null, memory.Envelope, memory.Body);
            using StoredMessage stored = await services.Store.ReadAsync(held, stop);
            return Move(held, stored.Envelope.Span, stored.Body);
        }
        catch (StorageDamagedException damage)
        {
            services.DelayFailed(exchange.Settings.Described, damage);
            return true; // it stays on the disk, for whoever can mend that
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            services.DelayFailed(exchange.Settings.Described, failure);
            return false;
        }
    }

    private bool Move(MessageRef? held, ReadOnlySpan<byte> octets, ReadOnlyMemory<byte> body)
    {
        Envelope envelope = new(octets);
        if (!BasicProperties.TryParse(envelope.Properties, out BasicProperties properties))
            throw new InvalidDataException("the stored properties are malformed");
        FieldTable headers = properties.ReadHeaders();
        List<string> keys = DeathRecord.RoutingKeys(envelope, headers);
        DelayHeader.Negate(headers);
        headers.Remove("BCC");
        byte[] newProperties = properties.With(headers);
        if (!BasicProperties.TryParse(newProperties, out BasicProperties now)) throw new InvalidDataException("the new properties are malformed");

        RouteResult route = new();
        route.Follow(exchange, new RoutedMessage(keys[0], now.Headers, newProperties), keys[1..]);
        long nowMs = services.NowMs;
        IncomingMessage message = new()
        {
            Envelope = Envelope.Create(octets[0], envelope.DeliveryCount, (envelope.Exchange.ToArray(), envelope.RoutingKey.ToArray()), newProperties),
            Body = body,
            IsPersistent = properties.IsPersistent,
            Priority = properties.Priority,
            ExpiresAt = ExpiresAt(properties, nowMs),
            NowMs = nowMs,
            DeliveryCount = envelope.DeliveryCount,
        };
        bool isBuriedWhenRefused = route.Queues.Exists(queue => queue.Settings.Overflow == Overflow.RejectPublishDeadLetter);
        Acceptance accepted = _intake.Accept(route, message, default, held);
        if (accepted is { IsRefused: true, IsStored: false } && route.Queues.Count == 0 && !isBuriedWhenRefused) return false;
        if (!accepted.IsStored && held is { } copy) services.Store.Settle(copy);
        return true;
    }

    // The time to live begins with the queue, not with the wait; the text was checked when it was published.
    private static long ExpiresAt(in BasicProperties properties, long nowMs) =>
        properties.HasExpiration
        && long.TryParse(Encoding.UTF8.GetString(properties.Expiration), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long ttl)
            ? nowMs + ttl
            : 0;
}
