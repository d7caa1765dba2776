using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Queues;

/// <summary>
/// What exchanges route to and consumers take from, as everybody outside sees it. In a <see cref="WorkQueue"/>, classic or quorum, a message is
/// there until somebody has settled it; in a stream it stays for all who come. Thread-safe.
/// </summary>
internal abstract class Queue(QueueSettings settings, QueueServices services) : IAsyncDisposable
{
    private volatile QueueSettings _settings = settings;

    /// <summary>Replaced as a whole when a policy changes: who needs two things of it takes it once.</summary>
    public QueueSettings Settings
    {
        get => _settings;
        protected set => _settings = value;
    }

    public QueueServices Services { get; } = services;

    /// <summary>Counted under the gate.</summary>
    public MessageStats Stats { get; } = new();

    public string Name => Settings.Name;

    /// <summary>The connection that alone may use the queue, when it is exclusive. Set before the queue is seen by anybody else.</summary>
    public object? Owner { get; init; }

    public abstract QueueCounts Counts { get; }

    public abstract IReadOnlyList<Consumer> Consumers { get; }

    /// <summary>The consumer that gets everything, where only one may be active.</summary>
    public virtual Consumer? Active => null;

    /// <summary>Dead messages that nobody has taken yet.</summary>
    public virtual int Dying => 0;

    public abstract bool IsDeleted { get; }

    /// <summary>Fills a new queue with what the store found for it.</summary>
    public abstract void Restore(IReadOnlyList<RecoveredMessage> messages);

    /// <summary>Other policies apply.</summary>
    public abstract void Apply(QueueSettings settings);

    /// <summary>Asks for the place of one more message. False: the publisher gets a nack. True: <see cref="Enqueue"/> must follow.</summary>
    public virtual bool TryReserve(int bodyBytes) => true;

    /// <summary>Gives a reserved place up, since the message could not be stored.</summary>
    public virtual void CancelReservation(int bodyBytes)
    {
    }

    /// <summary>Takes a message it had no room for straight to its dead-letter exchange (x-overflow: reject-publish-dlx).</summary>
    public virtual void BuryRefused(MemoryMessage message) => throw new InvalidOperationException($"{Settings.Described} refuses nothing");

    public abstract void Enqueue(in QueueEntry entry, long nowMs);

    /// <summary>Hands out what can be handed out: called when that consumer has room again.</summary>
    public abstract void Pump(Consumer consumer);

    public abstract void Add(Consumer consumer);

    /// <summary>True when that was the last consumer of a queue that goes with it.</summary>
    public abstract bool Remove(Consumer consumer);

    /// <summary>The message that is next, which stays; false where there is none, and in a stream, where each reader has its own.</summary>
    public virtual bool TryPeek(out QueueEntry entry)
    {
        entry = default;
        return false;
    }

    /// <summary>Takes the next message for basic.get; its content is then read with <see cref="ReadAsync"/>.</summary>
    public abstract bool TryTake(bool noAck, out QueueEntry entry, out int messagesLeft);

    public ValueTask<StoredMessage> ReadAsync(MessageRef message, CancellationToken stop) =>
        Services.Store.TryRead(message, out StoredMessage stored) ? ValueTask.FromResult(stored) : Services.Store.ReadAsync(message, stop);

    /// <summary>The messages are acknowledged.</summary>
    public abstract void Settle(ReadOnlySpan<UnackedMessage> messages);

    /// <summary>Forgets a message that was handed out without acknowledgement.</summary>
    public void Forget(in QueueEntry entry)
    {
        if (entry.IsStored) Services.Store.Settle(entry.Ref);
    }

    /// <summary>The messages go back to where they were.</summary>
    public abstract void Requeue(ReadOnlySpan<UnackedMessage> messages);

    /// <summary>The messages are refused for good.</summary>
    public abstract void Reject(ReadOnlySpan<UnackedMessage> messages);

    /// <summary>Drops what is ready, and says how many.</summary>
    public abstract int Purge();

    /// <summary>Somebody declared it again: it is in use.</summary>
    public virtual void Touch()
    {
    }

    /// <summary>Ends the queue; null when a condition does not hold or it had ended before. What clients still hold is dropped as they settle it.</summary>
    public abstract QueueEnd? TryDelete(Func<QueueCounts, bool> condition);

    public abstract ValueTask DisposeAsync();
}
