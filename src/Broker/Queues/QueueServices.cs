using Quintet.Broker.Limits;
using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Streams;

namespace Quintet.Broker.Queues;

/// <summary>Why a message left its queue without being acknowledged; the words are those of the x-death header.</summary>
internal enum DeathReason
{
    Rejected,
    Expired,
    MaxLength,
    DeliveryLimit,
}

/// <summary>Sends a dead message on and settles it in its queue; false when nobody took it and it is to be tried again later.</summary>
internal delegate ValueTask<bool> SendDeadLetter(Queue queue, QueueEntry entry, DeathReason reason, CancellationToken stop);

/// <summary>What queues are given by the node they live in.</summary>
internal sealed record QueueServices
{
    public required MessageStore Store { get; init; }

    public required StreamStore Streams { get; init; }

    public required TimeProvider Time { get; init; }

    public required SendDeadLetter SendDeadLetter { get; init; }

    /// <summary>Called outside the gate when x-expires ran out.</summary>
    public required Action<Queue> Unused { get; init; }

    /// <summary>Called outside the gate with what could not be read or sent; the message stays on disk.</summary>
    public required Action<Queue, Exception> Failed { get; init; }

    public ChurnStats Churn { get; } = new();

    /// <summary>What deleted queues counted, by their kind.</summary>
    public IReadOnlyDictionary<QueueKind, EndedStats> Ended { get; } = Enum.GetValues<QueueKind>().ToDictionary(kind => kind, _ => new EndedStats());

    /// <summary>Called outside any gate with the exchange, described, whose delayed message could not be read or moved on.</summary>
    public required Action<string, Exception> DelayFailed { get; init; }

    /// <summary>How much may be declared.</summary>
    public required TopologyRoom Room { get; init; }

    /// <summary>Told where messages go.</summary>
    public MessageHops Hops { get; init; } = MessageHops.Off;

    public TimeSpan DeadLetterRetry { get; init; } = TimeSpan.FromSeconds(5);

    public long NowMs => Time.GetUtcNow().ToUnixTimeMilliseconds();
}
