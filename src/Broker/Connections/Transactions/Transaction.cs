using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Connections.Transactions;

/// <summary>A published message that waits for tx.commit: routed when it was published, as in RabbitMQ, and the channel's own copy.</summary>
internal sealed record PendingPublish(byte[] Envelope, byte[] Original, byte[] Body, RouteResult Route)
{
    public bool IsMandatory { get; init; }

    public bool IsPersistent { get; init; }

    public byte Priority { get; init; }

    /// <summary>Its expiration in milliseconds, counted from the commit; null for none.</summary>
    public long? ExpirationMs { get; init; }

    // What an empty message costs in memory: without it a transaction of many would be bounded by nothing.
    private const int OverheadBytes = 512;

    public long Bytes => OverheadBytes + Envelope.Length + Original.Length + Body.Length;
}

/// <summary>What a channel has published and settled since tx.select or the last commit or rollback. Only the read loop touches it.</summary>
internal sealed class Transaction(long bytesMax)
{
    private readonly List<PendingPublish> _publishes = [];
    private readonly List<(Resolution Resolution, UnackedMessage[] Messages)> _settlements = [];
    private long _bytes;

    public IReadOnlyList<PendingPublish> Publishes => _publishes;

    public IReadOnlyList<(Resolution Resolution, UnackedMessage[] Messages)> Settlements => _settlements;

    /// <exception cref="AmqpException">406: it has grown too large.</exception>
    public void Add(PendingPublish publish)
    {
        _bytes += publish.Bytes;
        if (_bytes > bytesMax)
            throw new AmqpException(ReplyCode.PreconditionFailed, $"transaction of {_bytes} octets is larger than the configured max size {bytesMax}");
        _publishes.Add(publish);
    }

    public void Add(Resolution resolution, List<UnackedMessage> messages)
    {
        if (messages.Count > 0) _settlements.Add((resolution, [.. messages]));
    }

    /// <summary>Everything it has settled, in the order of delivery.</summary>
    public List<UnackedMessage> SettledMessages() => [.. _settlements.SelectMany(settled => settled.Messages).OrderBy(message => message.DeliveryTag)];

    /// <summary>Forgets all of it; what it published was never sent.</summary>
    public void GiveUp()
    {
        foreach (PendingPublish publish in _publishes) publish.Route.GiveBackClaims();
        Clear();
    }

    public void Clear()
    {
        _publishes.Clear();
        _settlements.Clear();
        _bytes = 0;
    }
}
