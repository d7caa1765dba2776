using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;

namespace Quintet.Broker.Topology;

/// <summary>A virtual host as it is described. Immutable; a change is a new one.</summary>
internal sealed record VirtualHostSettings
{
    /// <summary>Longest name in octets: connection.open carries it as a short string.</summary>
    public const int NameBytesMax = 255;

    public const string Classic = "classic";

    public required string Name { get; init; }

    public string Description { get; init; } = "";

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The type of queues declared without one, where the declaration allows it.</summary>
    public string DefaultQueueType { get; init; } = Classic;

    /// <summary>Connections at a time; null for no limit, as RabbitMQ's max-connections below 0.</summary>
    public long? ConnectionsMax { get; init; }

    /// <summary>Queues at a time; null for no limit, as RabbitMQ's max-queues below 0.</summary>
    public long? QueuesMax { get; init; }

    public static bool IsQueueType(string type) => type is Classic or "quorum" or "stream";

    /// <summary>As in RabbitMQ, the default type becomes an argument of what is declared without one and could be of that type.</summary>
    public QueueSettings Typed(QueueSettings declared)
    {
        bool isFit = DefaultQueueType != Classic && declared is { IsDurable: true, IsExclusive: false, IsAutoDelete: false }
            && !declared.Name.StartsWith("amq.", StringComparison.Ordinal) && !declared.Arguments.TryGet("x-queue-type", out _);
        return isFit ? declared with { Arguments = new FieldTable(declared.Arguments) { { "x-queue-type", FieldValue.Of(DefaultQueueType) } } } : declared;
    }
}
