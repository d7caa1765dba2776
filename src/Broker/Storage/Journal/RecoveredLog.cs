using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>What recovery hands over to the log.</summary>
internal sealed class RecoveredLog
{
    public required LiveMessages Live { get; init; }

    public required ulong NextId { get; init; }

    /// <summary>A new, empty segment: nothing is ever appended to one that was there before.</summary>
    public required Segment Active { get; init; }

    public required Dictionary<QueueId, List<RecoveredMessage>> Queues { get; init; }

    public required RecoveryReport Report { get; init; }
}
