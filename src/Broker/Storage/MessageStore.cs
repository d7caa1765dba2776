using Quintet.Broker.Storage.Disks;

namespace Quintet.Broker.Storage;

/// <summary>
/// The durable messages of all queues of the node, in one log. Thread-safe.
/// </summary>
internal sealed class MessageStore : IAsyncDisposable
{
    /// <summary>Opens or creates the log, recovers it and starts the writer. Blocks until recovered.</summary>
    /// <exception cref="StorageDamagedException">A confirmed record cannot be read.</exception>
    public static MessageStore Open(StorageOptions options, Disk disk, TimeProvider time) => throw new NotImplementedException();

    public RecoveryReport Recovered => throw new NotImplementedException();

    /// <summary>The queues for which messages were recovered and not yet taken. Settle what belongs to queues that no longer exist.</summary>
    public IReadOnlyCollection<QueueId> RecoveredQueues => throw new NotImplementedException();

    /// <summary>The messages of a queue in their order; given once, empty afterwards and for an unknown queue.</summary>
    public IReadOnlyList<RecoveredMessage> TakeRecovered(QueueId queue) => throw new NotImplementedException();

    /// <summary>Raised on a thread of the store's, outside its locks, at every change. On <see cref="StorageState.Failed"/> (raised once) stop the process.</summary>
    public event Action<StorageState, string>? StateChanged;

    public StorageState State => throw new NotImplementedException();

    /// <summary>Why the store is not open; empty when it is.</summary>
    public string StateReason => throw new NotImplementedException();

    public MessageRef Append(in NewMessage message, DurabilityWaiter? waiter = null, ulong tag = 0) => throw new NotImplementedException();

    public MessageRef Transfer(MessageRef source, in NewMessage message, DurabilityWaiter? waiter = null, ulong tag = 0) =>
        throw new NotImplementedException();

    public void Settle(MessageRef message) => throw new NotImplementedException();

    public void Settle(ReadOnlySpan<MessageRef> messages) => throw new NotImplementedException();

    public void RecordDelivery(MessageRef message, ushort deliveryCount) => throw new NotImplementedException();

    /// <summary>Lends a message out of memory; false when it must be read from the disk (<see cref="ReadAsync"/>).</summary>
    public bool TryRead(MessageRef message, out StoredMessage stored) => throw new NotImplementedException();

    /// <summary>Lends a message, from the disk if need be, reading ahead for those behind it.</summary>
    public ValueTask<StoredMessage> ReadAsync(MessageRef message, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Completes when everything appended, settled and counted before the call is durable.</summary>
    public Task FlushedAsync() => throw new NotImplementedException();

    /// <summary>Completes when the disk keeps up again; at once in the normal case. Await it before reading more from a publisher.</summary>
    public ValueTask RoomAsync(CancellationToken stop) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();

    private void Raise(StorageState state, string reason) => StateChanged?.Invoke(state, reason);
}
