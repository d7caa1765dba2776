using Quintet.Broker.Amqp;
using Quintet.Broker.Policies;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Queues;

internal enum QueueKind
{
    Classic,
    Quorum,
    Stream,
}

/// <summary>What a queue does with a message that would make it longer than its limit.</summary>
internal enum Overflow
{
    DropHead,
    RejectPublish,
    RejectPublishDeadLetter,
}

/// <summary>Where a queue's dead letters go. <paramref name="RoutingKey"/> null keeps the message's own keys.</summary>
/// <param name="Exchange">The exchange; the empty name is the default exchange.</param>
/// <param name="RoutingKey">x-dead-letter-routing-key.</param>
/// <param name="AtLeastOnce">A dead letter that nobody takes stays with its queue and is tried again, instead of being dropped.</param>
internal sealed record DeadLetterPolicy(string Exchange, string? RoutingKey, bool AtLeastOnce);

/// <summary>A queue as it was declared, its arguments understood and its policies laid on it. Immutable: a new policy makes a new one.</summary>
internal sealed record QueueSettings
{
    public required string Vhost { get; init; }

    public required string Name { get; init; }

    public QueueKind Kind { get; init; }

    public bool IsDurable { get; init; }

    public bool IsAutoDelete { get; init; }

    public bool IsExclusive { get; init; }

    /// <summary>As declared, for comparison with the next declaration and for the management API.</summary>
    public FieldTable Arguments { get; init; } = FieldTable.Empty;

    /// <summary>The name in the store; set for queues whose messages are stored.</summary>
    public QueueId? Id { get; init; }

    public long? MessageTtlMs { get; init; }

    public long? ExpiresMs { get; init; }

    public long? LengthMax { get; init; }

    public long? LengthBytesMax { get; init; }

    /// <summary>How long a stream keeps messages, null for ever.</summary>
    public TimeSpan? MessageAgeMax { get; init; }

    /// <summary>The size at which a stream begins another file, null for the usual one.</summary>
    public long? StreamFileBytes { get; init; }

    public Overflow Overflow { get; init; }

    public DeadLetterPolicy? DeadLetter { get; init; }

    /// <summary>Returns of a message beyond this number kill it; null never does. Quorum queues only.</summary>
    public int? DeliveryLimit { get; init; }

    /// <summary>0 when the queue has no priorities of its own.</summary>
    public int PriorityMax { get; init; }

    public bool IsSingleActive { get; init; }

    /// <summary>A delivery not settled for so long closes its channel; null leaves it to the settings of the broker.</summary>
    public long? ConsumerTimeoutMs { get; init; }

    /// <summary>The policies that had their say in what is above.</summary>
    public EffectivePolicy Policy { get; init; } = EffectivePolicy.None;

    /// <summary>The message-ttl of a message that came at that time: a policy that came later does not give it one.</summary>
    public long? MessageTtlOf(long enqueuedAtMs) => enqueuedAtMs <= Policy.TtlSinceMs ? Arguments.Integer("x-message-ttl") : MessageTtlMs;

    /// <summary>As reply texts name it: <c>queue 'orders' in vhost '/'</c>.</summary>
    public string Described => $"queue '{Name}' in vhost '{Vhost}'";

    public bool IsQuorum => Kind == QueueKind.Quorum;

    public bool IsStream => Kind == QueueKind.Stream;

    /// <summary>As x-queue-type names it.</summary>
    public string Type => Kind switch
    {
        QueueKind.Quorum => "quorum",
        QueueKind.Stream => "stream",
        _ => "classic",
    };
}
