using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Journal;

namespace Quintet.Broker.Storage;

/// <summary>
/// The durable messages of all queues of the node, in one log: one write and one sync per batch, whatever the number of queues and of publishers who
/// wait. Thread-safe. docs/design/storage-format.md has the whole picture.
/// </summary>
internal sealed class MessageStore : IAsyncDisposable
{
    private readonly RecoveredLog _recovered;
    private readonly StorageHealth _health = new();
    private readonly LogState _state;
    private readonly MessageLog _log;
    private readonly BatchQueue _batches;
    private readonly SegmentShelf _shelf;
    private readonly ColdReader _reader;
    private readonly CommitLoop _commits;
    private readonly Housekeeping _housekeeping;
    private readonly Compaction _compaction;
    private readonly ITimer _spaceTimer;

    private MessageStore(StorageOptions options, Disk disk, RecoveredLog recovered, TimeProvider time)
    {
        _recovered = recovered;
        _state = new LogState(options, _health, recovered, time);
        _log = new MessageLog(_state);
        _batches = new BatchQueue(_state);
        _shelf = new SegmentShelf(_state);
        _reader = new ColdReader(_state, _log, disk);
        _commits = new CommitLoop(_batches, options, _health, disk);
        _housekeeping = new Housekeeping(_state, _shelf, disk);
        _compaction = new Compaction(_state, _shelf, _log, disk);
        _commits.Start();
        _housekeeping.Start();
        _compaction.Start();
        _spaceTimer = time.CreateTimer(_ => LookAtSpace(), null, options.SpaceCheckInterval, options.SpaceCheckInterval);
    }

    /// <summary>
    /// Raised on a thread of the store's, outside its locks, at every change; on <see cref="StorageState.Failed"/>, raised once, stop the process.
    /// Look at <see cref="State"/> after subscribing: it may have changed before.
    /// </summary>
    public event Action<StorageState, string>? StateChanged
    {
        add => _health.Changed += value;
        remove => _health.Changed -= value;
    }

    public StorageState State => _health.State;

    /// <summary>Why the store is not open; empty when it is.</summary>
    public string StateReason => _health.Reason;

    public RecoveryReport Recovered => _recovered.Report;

    /// <summary>The queues for which messages were recovered and not yet taken. Settle what belongs to queues that no longer exist.</summary>
    public IReadOnlyCollection<QueueId> RecoveredQueues => _recovered.Queues.Keys;

    /// <summary>Opens or creates the log, recovers it and starts the writer. Blocks until recovered.</summary>
    /// <exception cref="StorageDamagedException">A confirmed record cannot be read.</exception>
    public static MessageStore Open(StorageOptions options, Disk disk, TimeProvider time) =>
        new(options, disk, new Recovery(disk, options).Run(), time);

    /// <summary>The messages of a queue in their order; given once, empty afterwards and for an unknown queue. Not thread-safe: for the start.</summary>
    public IReadOnlyList<RecoveredMessage> TakeRecovered(QueueId queue) =>
        _recovered.Queues.Remove(queue, out List<RecoveredMessage>? messages) ? messages : [];

    /// <summary>
    /// Stores a message once for all its queues and returns the reference of the first queue's copy (<see cref="MessageRef.ForQueue"/>). It is not
    /// durable yet: <paramref name="waiter"/> is told when it is. Without a waiter it is written when there is company or after
    /// <see cref="StorageOptions.SettleDelay"/>. Blocks only when the disk is far behind; <see cref="RoomAsync"/> is how to avoid that.
    /// </summary>
    /// <exception cref="StorageFullException">Nothing was appended.</exception>
    /// <exception cref="StorageFailedException">The store failed or is closed.</exception>
    public MessageRef Append(in NewMessage message, DurabilityWaiter? waiter = null, ulong tag = 0) =>
        _log.Append(message, 0, (waiter, tag));

    /// <summary>Appends a message and settles another, both or neither: a dead-lettered message is never in two queues nor in none.</summary>
    public MessageRef Transfer(MessageRef source, in NewMessage message, DurabilityWaiter? waiter = null, ulong tag = 0) =>
        _log.Append(message, source.Id, (waiter, tag));

    /// <summary>The queue is done with its copy. Durable with the next sync, at the latest <see cref="StorageOptions.SettleDelay"/> later; never blocks,
    /// never refuses. Settling twice is harmless.</summary>
    public void Settle(MessageRef message) => _log.Settle([message]);

    /// <summary>The same for many; runs of references cost next to nothing on disk.</summary>
    public void Settle(ReadOnlySpan<MessageRef> messages) => _log.Settle(messages);

    /// <summary>Remembers how often a message was delivered, as durably as a settle.</summary>
    public void RecordDelivery(MessageRef message, ushort deliveryCount) => _log.RecordDelivery(message, deliveryCount);

    /// <summary>Lends a message out of memory; false when it must be read from the disk by <see cref="ReadAsync"/>.</summary>
    public bool TryRead(MessageRef message, out StoredMessage stored)
    {
        bool isThere = _log.TryLocate(message, out RecordPlace place) && place.Block is not null;
        stored = isThere ? _reader.View(place, place.Block!) : default;
        return isThere;
    }

    /// <summary>Lends a message, from the disk if need be, reading ahead for those behind it.</summary>
    /// <exception cref="StorageException">The message is settled.</exception>
    /// <exception cref="StorageDamagedException">The disk does not give back what was written.</exception>
    public ValueTask<StoredMessage> ReadAsync(MessageRef message, CancellationToken stop) =>
        TryRead(message, out StoredMessage stored) ? new(stored) : new(_reader.ReadAsync(message, stop));

    /// <summary>Sets or, with null, clears a reason to hold publishers back that was found beside the log: in the files of streams.</summary>
    public void Report(SpaceProblem problem, string? reason) => _health.Report(problem, reason);

    /// <summary>What the disk holds is unknown, of files beside the log: nothing is confirmed any more, and the process must stop.</summary>
    public void Fail(Exception failure) => _health.Fail(failure);

    /// <summary>Completes when everything appended, settled and counted before the call is durable.</summary>
    public Task FlushedAsync() => _log.FlushedAsync();

    /// <summary>Completes when the disk keeps up and has space, at once in the normal case. Await it before reading more from a publisher.</summary>
    public ValueTask RoomAsync(CancellationToken stop) => _state.RoomAsync(stop);

    /// <summary>Writes what was appended, ends the log and closes its files; the disk stays open, it belongs to whoever made it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _spaceTimer.DisposeAsync();
        _housekeeping.Close();
        _compaction.Close();
        _batches.Close();
        _commits.GiveUp();
        await Task.WhenAll(_commits.Ended, _housekeeping.Ended, _compaction.Ended);
        _health.Close();
        _shelf.CloseFiles();
    }

    private void LookAtSpace()
    {
        _commits.Retry();
        _shelf.Shrink();
        _state.Housekeeping.Set();
    }
}
