using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>
/// What the threads of the log share: the publishers' (MessageLog), the writer's (BatchQueue), and those of housekeeping and compaction (SegmentShelf).
/// All of it is guarded by <see cref="Gate"/>, which is also what threads wait on for room; options, health and the signals guard themselves.
/// </summary>
internal sealed class LogState : IDisposable
{
    private const int UrgentBytes = 256 * 1024;
    private const int UrgentNotes = 4096;

    private readonly ITimer _settleTimer;
    private TaskCompletionSource? _room;

    public LogState(StorageOptions options, StorageHealth health, RecoveredLog recovered, TimeProvider time)
    {
        Options = options;
        Health = health;
        Live = recovered.Live;
        Cache = new BlockCache(options.CacheBytes, Math.Min(256 * 1024, options.SegmentBytes));
        Tail = new LogTail(options, Cache, recovered);
        _settleTimer = time.CreateTimer(_ => MakeUrgent(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Health.Changed += (_, _) =>
        {
            LetWaitersLook();
            Writing.Set();
        };
    }

    public object Gate { get; } = new();

    public StorageOptions Options { get; }

    public StorageHealth Health { get; }

    public LiveMessages Live { get; }

    public BlockCache Cache { get; }

    public LogTail Tail { get; }

    public PendingNotes Notes { get; } = new();

    /// <summary>The number of the last batch that is on disk.</summary>
    public ulong DurableBatch { get; set; }

    /// <summary>Nothing more is appended but the end.</summary>
    public bool IsClosing { get; set; }

    /// <summary>Something is there for the writer.</summary>
    public Signal Writing { get; } = new();

    /// <summary>Something is there for the thread that makes and deletes segments.</summary>
    public Signal Housekeeping { get; } = new();

    /// <summary>The same for the thread that compacts them.</summary>
    public Signal Compacting { get; } = new();

    // A store that is down has room in this sense: whoever asked goes on and is told by the next append.
    private bool HasRoom => Health.State switch
    {
        StorageState.Open => Tail.PendingBytes < Options.PendingBytesMax,
        StorageState.SpaceLow => false,
        _ => true,
    };

    public ValueTask RoomAsync(CancellationToken stop)
    {
        // Read without the gate: a value some appends old does no harm here.
        if (HasRoom)
            return ValueTask.CompletedTask;
        Task room;
        lock (Gate)
        {
            if (HasRoom)
                return ValueTask.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            room = _room.Task;
        }

        return new ValueTask(room.WaitAsync(stop));
    }

    /// <summary>Returns when a record fits and the writer is not too far behind. Leaves the gate while it waits.</summary>
    public void WaitForRoom(int size, bool mayUseReserve)
    {
        while (true)
        {
            Health.ThrowIfDown();
            if (IsClosing)
                throw new StorageFailedException("the store is closed");
            bool isBehind = Tail.PendingBytes >= 2 * Options.PendingBytesMax;
            if (!isBehind && Tail.TryFit(size, mayUseReserve))
                break;
            if (Health.State == StorageState.SpaceLow)
                throw new StorageFullException(Health.Reason);
            // Either the writer must go on or the next segment be made.
            if (isBehind)
                Tail.Gathering.IsUrgent = true;
            Writing.Set();
            Housekeeping.Set();
            Monitor.Wait(Gate);
        }

        if (Tail.Next is null)
            Housekeeping.Set();
    }

    /// <summary>Whether the writer is to be woken, after the gate is left. If nobody waits for a confirm, it is given time for company.</summary>
    public bool WantsWriter()
    {
        Batch batch = Tail.Gathering;
        if (batch.IsUrgent)
            return true;
        if (batch.Bytes >= UrgentBytes || Notes.Count >= UrgentNotes)
            return batch.IsUrgent = true;
        if (!batch.IsTimed && !IsClosing && !(batch.IsEmpty && Notes.IsEmpty))
        {
            batch.IsTimed = true;
            _settleTimer.Change(Options.SettleDelay, Timeout.InfiniteTimeSpan);
        }

        return false;
    }

    /// <summary>Whoever waits for room looks again.</summary>
    public void LetWaitersLook()
    {
        TaskCompletionSource? room = null;
        lock (Gate)
        {
            Monitor.PulseAll(Gate);
            if (HasRoom)
                (room, _room) = (_room, null);
        }

        room?.SetResult();
    }

    public void Dispose() => _settleTimer.Dispose();

    private void MakeUrgent()
    {
        lock (Gate)
            Tail.Gathering.IsUrgent = true;
        Writing.Set();
    }
}
