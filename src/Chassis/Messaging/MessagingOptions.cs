using System.ComponentModel.DataAnnotations;

namespace Quintet.Chassis.Messaging;

/// <summary>Section <c>Messaging</c> of a service's configuration. Read at start.</summary>
public sealed class MessagingOptions
{
    /// <summary>
    /// How many events are published before their confirms are awaited. Default 100: below the client's own limit of 128 outstanding confirms.
    /// </summary>
    [Range(1, 100)]
    public int BatchMax { get; set; } = 100;

    /// <summary>
    /// How long an event that no queue is bound for is kept and tried again. Default one day: a consumer deployed within it misses nothing.
    /// After that the row is marked <c>Unclaimed</c>.
    /// </summary>
    public TimeSpan UnroutableFor { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// After how many refusals of the broker an event is set aside so that it does not stand before others of its subject. Default 10, about
    /// four minutes.
    /// </summary>
    [Range(1, 1000)]
    public int RefusalsMax { get; set; } = 10;

    /// <summary>How long published events stay in the outbox, to be looked at. Default three days.</summary>
    public TimeSpan KeepSent { get; set; } = TimeSpan.FromDays(3);

    /// <summary>How long handled event ids stay in the inbox; a repetition after that is handled again. Default 30 days, well above any retry.</summary>
    public TimeSpan KeepHandled { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How many unacknowledged events the broker may push to one consumer. Default 32: some handlers' worth of work in advance.</summary>
    [Range(1, 1000)]
    public int Prefetch { get; set; } = 32;

    /// <summary>How many events of one kind are handled at the same time. Default 4; with 1 they are handled in the order of the queue.</summary>
    [Range(1, 64)]
    public int Concurrency { get; set; } = 4;

    /// <summary>How long one handling of one event may take before it counts as failed. Default 60 s, below RabbitMQ's consumer timeout of 30 min.</summary>
    public TimeSpan HandlingMax { get; set; } = TimeSpan.FromSeconds(60);
}
