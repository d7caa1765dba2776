using System.Text;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Topology;

/// <summary>Sends dead messages to their queue's dead-letter exchange, with RabbitMQ's account of each death in the headers.</summary>
internal sealed class DeadLetters(MessageStore store, Intake intake, TimeProvider time, Func<string, VirtualHost?> findVhost)
{
    /// <summary>False: nobody took it, and the queue asked for at-least-once.</summary>
    public async ValueTask<bool> SendAsync(Queue queue, QueueEntry entry, DeathReason reason, CancellationToken stop)
    {
        if (queue.Settings.DeadLetter is not { } policy || findVhost(queue.Settings.Vhost) is not { } vhost
            || vhost.FindExchange(policy.Exchange) is not { } exchange)
            return Drop(queue, entry);
        if (entry.Memory is { } memory) return Send((queue, entry, reason), exchange, memory.Envelope, memory.Body);
        using StoredMessage stored = await queue.ReadAsync(entry.Ref, stop);
        return Send((queue, entry, reason), exchange, stored.Envelope.Span, stored.Body);
    }

    private bool Send((Queue Queue, QueueEntry Entry, DeathReason Reason) death, Exchange exchange, ReadOnlySpan<byte> envelopeOctets,
        ReadOnlyMemory<byte> body)
    {
        if (death.Queue.Settings.DeadLetter is not { } policy) return Drop(death.Queue, death.Entry); // a policy ended meanwhile
        Envelope envelope = new(envelopeOctets);
        if (!BasicProperties.TryParse(envelope.Properties,
            out BasicProperties properties)) throw new InvalidDataException("the stored properties are malformed");
        FieldTable headers = properties.ReadHeaders();
        List<string> keys = DeathRecord.RoutingKeys(envelope, headers);
        Death record = new(death.Queue.Name, death.Reason, time.GetUtcNow().ToUnixTimeSeconds(), keys);
        DeathRecord.Write(headers, envelope, properties, record);

        string[] newKeys = policy.RoutingKey is { } own ? [own] : [.. keys];
        RouteResult route = new();
        route.Follow(exchange, new RoutedMessage(newKeys[0], properties.Headers, properties.Octets), newKeys[1..]);
        if (death.Reason != DeathReason.Rejected) route.Queues.RemoveAll(target => DeathRecord.IsCycle(headers, target.Name));
        if (route.IsEmpty)
        {
            route.GiveBackClaims();
            if (route.IsContested) return false; // whoever came first may yet fail
            if (!route.IsDuplicate) return Drop(death.Queue, death.Entry);
            Settle(death.Entry); // where it was to go, it is
            return true;
        }

        ushort count = death.Queue.Settings.IsQuorum ? death.Entry.DeliveryCount : envelope.DeliveryCount;
        byte[] newEnvelope = Envelope.Create(
            Envelope.HasDeathsFlag, count, (Encoding.UTF8.GetBytes(policy.Exchange), Encoding.UTF8.GetBytes(newKeys[0])), properties.With(headers,
                keepExpiration: false));
        IncomingMessage message = new()
        {
            Envelope = newEnvelope,
            Body = body,
            IsPersistent = properties.IsPersistent || death.Entry.IsStored,
            Priority = properties.Priority,
            NowMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            DeliveryCount = count,
        };
        Acceptance accepted = intake.Accept(route, message, default, death.Entry.IsStored ? death.Entry.Ref : null);
        if (accepted.IsStored) return true; // settled in the same record
        if (accepted.IsRefused && route.IsEmpty) return Drop(death.Queue, death.Entry);
        Settle(death.Entry);
        return true;
    }

    // Nobody took it: it waits for somebody as long as its queue is there, if that was asked for.
    private bool Drop(Queue queue, QueueEntry entry)
    {
        if (queue.Settings.DeadLetter is { AtLeastOnce: true } && !queue.IsDeleted) return false;
        Settle(entry);
        return true;
    }

    private void Settle(QueueEntry entry)
    {
        if (entry.IsStored) store.Settle(entry.Ref);
    }
}
