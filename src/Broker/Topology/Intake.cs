using System.Buffers;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Storage;
using Quintet.Broker.Topology.Delays;

namespace Quintet.Broker.Topology;

/// <summary>A routed message on its way into queues. All of it is borrowed.</summary>
internal readonly ref struct IncomingMessage
{
    public required ReadOnlySpan<byte> Envelope { get; init; }

    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The envelope with its BCC, for an exchange that routes it later; empty when it is the same.</summary>
    public ReadOnlySpan<byte> Original { get; init; }

    /// <summary>delivery_mode 2. Quorum queues store the others too.</summary>
    public bool IsPersistent { get; init; }

    public byte Priority { get; init; }

    /// <summary>Milliseconds since 1970, 0 for never.</summary>
    public long ExpiresAt { get; init; }

    public required long NowMs { get; init; }

    /// <summary>What a dead letter brings along from the quorum queue it comes from.</summary>
    public ushort DeliveryCount { get; init; }
}

/// <summary>Who waits for a message to be durable.</summary>
internal readonly record struct Awaited(DurabilityWaiter? Waiter, ulong Tag);

/// <summary>What became of a message.</summary>
/// <param name="IsStored">Some queue keeps it on disk: the waiter will be told.</param>
/// <param name="IsRefused">Some queue was full and refuses (x-overflow): the publisher gets a nack.</param>
internal readonly record struct Acceptance(bool IsStored, bool IsRefused);

/// <summary>Puts a routed message into its queues: once into the store for all durable ones, once into memory for the rest.</summary>
internal sealed class Intake(MessageStore store, MessageHops hops)
{
    /// <param name="queues">Where it goes; queues that refuse are taken out.</param>
    /// <param name="message">The message.</param>
    /// <param name="awaited">Told after the sync that covers the message in every durable queue.</param>
    /// <param name="source">A dead letter's stored copy: it is settled in the same record that stores the new one.</param>
    /// <exception cref="StorageException">Nothing was stored.</exception>
    public Acceptance Accept(List<Queue> queues, in IncomingMessage message, Awaited awaited = default, MessageRef? source = null)
    {
        bool isRefused = RemoveRefusing(queues, message);
        int storedCount = 0;
        foreach (Queue queue in queues)
            if (IsStoredIn(queue, message.IsPersistent)) storedCount++;

        MessageRef first = storedCount == 0 ? default : Store(queues, message, storedCount, awaited, source);
        Enqueue(queues, message, first);
        return new Acceptance(storedCount > 0, isRefused);
    }

    /// <summary>The same for a message that exchanges may hold back first, or know already.</summary>
    public Acceptance Accept(RouteResult route, in IncomingMessage message, Awaited awaited, MessageRef? source = null)
    {
        try
        {
            Acceptance accepted = AcceptHeld(route, message, awaited, source) is var taken && route.IsContested ? taken with { IsRefused = true } : taken;
            if (!accepted.IsRefused) route.KeepClaims();
            return accepted;
        }
        finally
        {
            route.GiveBackClaims(); // what was not kept
        }
    }

    private Acceptance AcceptHeld(RouteResult route, in IncomingMessage message, Awaited awaited, MessageRef? source)
    {
        if (route.Holds.Count == 0) return Accept(route.Queues, message, awaited, source);
        if (route.Holds.Exists(static hold => !hold.Exchange.Held.HasRoom))
        {
            route.Queues.Clear();
            route.Holds.Clear();
            return new Acceptance(IsStored: false, IsRefused: true);
        }

        int last = -1;
        for (int index = 0; index < route.Holds.Count; index++)
            if (route.Holds[index].Exchange.Held.Stores(message)) last = index;

        // Later in the log is later on the disk: who waits, waits for the last record, and only that one settles the source.
        Acceptance accepted = last >= 0
            ? Accept(route.Queues, message) with { IsStored = true }
            : Accept(route.Queues, message, awaited, source);
        for (int index = 0; index < route.Holds.Count; index++)
        {
            (DelayedExchange exchange, long delayMs) = route.Holds[index];
            exchange.Held.Add(message, delayMs, index == last ? awaited : default, index == last ? source : null);
        }

        return accepted;
    }

    private static bool IsStoredIn(Queue queue, bool isPersistent) =>
        queue.Settings.Id is not null && (isPersistent || queue.Settings.Kind != QueueKind.Classic);

    private static bool RemoveRefusing(List<Queue> queues, in IncomingMessage message)
    {
        bool any = false;
        for (int index = queues.Count - 1; index >= 0; index--)
        {
            Queue queue = queues[index];
            if (queue.TryReserve(message.Body.Length)) continue;
            any = true;
            queues.RemoveAt(index);
            if (queue.Settings.Overflow == Overflow.RejectPublishDeadLetter) queue.BuryRefused(InMemory(message));
        }

        return any;
    }

    private MessageRef Store(List<Queue> queues, in IncomingMessage message, int storedCount, Awaited awaited, MessageRef? source)
    {
        if (storedCount > ushort.MaxValue) // the most a record of the log has room for
        {
            foreach (Queue queue in queues) queue.CancelReservation(message.Body.Length);
            throw new AmqpException(ReplyCode.ResourceError, $"a message cannot go to {storedCount} durable queues, only to {ushort.MaxValue}");
        }

        const int OnStackMax = 64;
        Span<QueueId> ids = storedCount <= OnStackMax ? stackalloc QueueId[OnStackMax] : new QueueId[storedCount];
        int count = 0;
        foreach (Queue queue in queues)
            if (IsStoredIn(queue, message.IsPersistent)) ids[count++] = queue.Settings.Id!.Value;
        NewMessage record = new()
        {
            Queues = ids[..count],
            Stamp = new MessageStamp(message.NowMs, message.ExpiresAt, message.Priority),
            Envelope = message.Envelope,
            Body = new ReadOnlySequence<byte>(message.Body),
        };
        try
        {
            return source is { } dead ? store.Transfer(dead, record, awaited.Waiter, awaited.Tag) : store.Append(record, awaited.Waiter, awaited.Tag);
        }
        catch (StorageException)
        {
            foreach (Queue queue in queues) queue.CancelReservation(message.Body.Length);
            throw;
        }
    }

    private void Enqueue(List<Queue> queues, in IncomingMessage message, MessageRef first)
    {
        MemoryMessage? memory = null;
        int stored = 0;
        hops.Queued(queues, message.Envelope);
        foreach (Queue queue in queues)
        {
            QueueEntry entry = new()
            {
                BodyBytes = message.Body.Length,
                ExpiresAt = message.ExpiresAt,
                Priority = message.Priority,
                DeliveryCount = queue.Settings.IsQuorum ? message.DeliveryCount : (ushort)0,
                IsRedelivered = queue.Settings.IsQuorum && message.DeliveryCount > 0,
            };
            if (IsStoredIn(queue, message.IsPersistent))
            {
                entry.Ref = first.ForQueue(stored++);
                if (entry.DeliveryCount > 0) store.RecordDelivery(entry.Ref, entry.DeliveryCount);
            }
            else
            {
                entry.Memory = memory ??= InMemory(message);
            }

            queue.Enqueue(entry, message.NowMs);
        }
    }

    private static MemoryMessage InMemory(in IncomingMessage message) => new(message.Envelope.ToArray(), message.Body.ToArray());
}
