using System.Runtime.CompilerServices;

namespace Quintet.Broker.Storage.Segments;

/// <summary>
/// The memory side of the log: one gate, held for well under a microsecond a message, under which a record gets its place and its bytes are copied
/// into the block that the writer will write. While the writer syncs one batch, the next gathers here; no timer decides about a confirm.
/// </summary>
internal sealed class MessageLog
{
    private const int UrgentBytes = 256 * 1024;
    private const int UrgentNotes = 4096;

    // Guarded by _gate, which is also what threads wait on for room: everything below but _options and _health.
    private readonly object _gate = new();
    private readonly StorageOptions _options;
    private readonly StorageHealth _health;
    private readonly LiveMessages _live;
    private readonly BlockCache _cache;
    private readonly LogTail _tail;
    private readonly PendingNotes _notes = new();
    private readonly ITimer _settleTimer;
    private ulong _durableBatch;
    private bool _isClosing;
    private TaskCompletionSource? _room;

    public MessageLog(StorageOptions options, StorageHealth health, RecoveredLog recovered, TimeProvider time)
    {
        _options = options;
        _health = health;
        _live = recovered.Live;
        _cache = new BlockCache(options.CacheBytes, Math.Min(256 * 1024, options.SegmentBytes));
        _tail = new LogTail(options, _cache, recovered);
        _settleTimer = time.CreateTimer(_ => MakeUrgent(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _health.Changed += (_, _) => LetWaitersLook();
    }

    /// <summary>Something is there for the thread that makes and deletes segments.</summary>
    public Signal Housekeeping { get; } = new();

    /// <summary>The same for the thread that compacts them.</summary>
    public Signal Compacting { get; } = new();

    /// <summary>Something is there for the writer.</summary>
    public Signal Writing { get; } = new();

    public BlockCache Cache => _cache;

    // A store that is down has room in this sense: whoever asked goes on and is told by the next append.
    private bool HasRoom => _health.State switch
    {
        StorageState.Open => _tail.PendingBytes < _options.PendingBytesMax,
        StorageState.SpaceLow => false,
        _ => true,
    };

    public MessageRef Append(in NewMessage message, ulong settles, (DurabilityWaiter? Who, ulong Tag) waiter)
    {
        int copies = message.Queues.Length;
        if (copies is 0 or > ushort.MaxValue)
            throw new ArgumentException("a message goes to at least one and at most 65,535 queues", nameof(message));
        if (message.Envelope.Length + message.Body.Length > _options.MessageBytesMax)
            throw new ArgumentException($"a message has at most {_options.MessageBytesMax} bytes", nameof(message));
        int size = RecordLayout.MessageBytes(copies, message.Envelope.Length, message.Body.Length);

        ulong id;
        bool wakes;
        lock (_gate)
        {
            WaitForRoom(size, mayUseReserve: settles != 0);
            Span<byte> record = _tail.Reserve(size, out long offset);
            Segment segment = _tail.Active;
            id = _tail.NextId;
            _tail.NextId += (ulong)copies;
            RecordLayout.WriteMessage(record, segment.Seed, message, (id, settles));
            IndexEntry entry = new() { Segment = segment.Number, Offset = (uint)offset, Size = (uint)size, Copies = (ushort)copies };
            for (int copy = 0; copy < copies; copy++)
                _live.Add(id + (ulong)copy, segment, entry);
            if (settles != 0)
            {
                segment.Noted = segment.Noted.With(settles, settles);
                SettleInMemory(settles);
            }

            if (waiter.Who is not null)
                _tail.Gathering.Add(waiter.Who, waiter.Tag);
            wakes = WantsWriter();
        }

        if (wakes)
            Writing.Set();
        return new MessageRef(id);
    }

    public void Settle(ReadOnlySpan<MessageRef> messages)
    {
        bool wakes;
        lock (_gate)
        {
            foreach (MessageRef message in messages)
            {
                if (SettleInMemory(message.Id))
                    _notes.AddSettled(message.Id);
            }

            wakes = WantsWriter();
        }

        if (wakes)
            Writing.Set();
    }

    public void RecordDelivery(MessageRef message, ushort deliveryCount)
    {
        bool wakes;
        lock (_gate)
        {
            ref IndexEntry entry = ref _live.Find(message.Id);
            if (Unsafe.IsNullRef(ref entry) || entry.DeliveryCount == deliveryCount)
                return;
            entry.DeliveryCount = deliveryCount;
            _notes.AddDelivered(message.Id);
            wakes = WantsWriter();
        }

        if (wakes)
            Writing.Set();
    }

    public Task FlushedAsync()
    {
        TaskCompletionSource flushed;
        lock (_gate)
        {
            if (_health.State == StorageState.Failed)
                return Task.FromException(_health.Down());
            // Nothing gathers and nothing is being written: true of a closed store too, which was flushed when it closed.
            if (_tail.Gathering.IsEmpty && _notes.IsEmpty && _durableBatch + 1 == _tail.Gathering.Number)
                return Task.CompletedTask;
            flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _tail.Gathering.Flushes.Add(flushed);
            _tail.Gathering.IsUrgent = true;
        }

        Writing.Set();
        return flushed.Task;
    }

    public ValueTask RoomAsync(CancellationToken stop)
    {
        // Read without the gate: a value some appends old does no harm here.
        if (HasRoom)
            return ValueTask.CompletedTask;
        Task room;
        lock (_gate)
        {
            if (HasRoom)
                return ValueTask.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            room = _room.Task;
        }

        return new ValueTask(room.WaitAsync(stop));
    }

    /// <summary>Where a copy lies and, if it is in memory, the block that holds it, lent. False when it is settled or unknown.</summary>
    public bool TryLocate(MessageRef message, out RecordPlace place)
    {
        lock (_gate)
        {
            place = default;
            ref IndexEntry entry = ref _live.Find(message.Id);
            if (Unsafe.IsNullRef(ref entry))
                return false;
            Segment segment = _live.SegmentOf(entry);
            Block? block = segment.FindBlock(entry.Offset, (int)entry.Size);
            block?.Lend();
            place = new RecordPlace(segment, entry.Offset, (int)entry.Size, block);
            return true;
        }
    }

    /// <summary>Keeps what was read from a segment; null, and the bytes stay the caller's, when the segment is gone meanwhile.</summary>
    public Block? Keep(in RecordPlace place, byte[] bytes, int filled)
    {
        lock (_gate)
        {
            if (!_live.Contains(place.Segment))
                return null;
            Block block = _cache.Add(place.Segment, place.Offset, bytes, filled);
            block.Lend();
            _cache.Trim();
            return block;
        }
    }

    /// <summary>For the writer: the next batch once it is due; null at the end.</summary>
    public Batch? TakeBatch()
    {
        while (true)
        {
            lock (_gate)
            {
                if (_health.State == StorageState.Failed)
                    return null;
                if (_tail.Gathering.IsUrgent || _isClosing)
                    return Swap();
            }

            Writing.Wait();
        }
    }

    /// <summary>For the writer: the batch is as durable as it gets. The waiters are told by the writer, outside the gate.</summary>
    public void Complete(Batch batch)
    {
        lock (_gate)
        {
            foreach (ref readonly Batch.Piece piece in batch.Pieces)
            {
                Segment segment = piece.Block.Segment;
                piece.Block.WrittenTo = piece.To;
                segment.WrittenTo = piece.Block.FileOffset + piece.To;
                if (segment.WrittenTo == segment.EndsAt)
                {
                    segment.IsSealed = true;
                    Housekeeping.Set();
                }
            }

            if (batch.HasDeadSegment)
                Housekeeping.Set();
            _durableBatch = batch.Number;
            _cache.Trim();
        }
    }

    /// <summary>For the writer: it has no more use for the batch.</summary>
    public void GiveBack(Batch batch)
    {
        lock (_gate)
            _tail.GiveBack(batch);
        LetWaitersLook();
    }

    /// <summary>Appends nothing more and lets the writer end the log.</summary>
    public void Close()
    {
        lock (_gate)
            _isClosing = true;
        _settleTimer.Dispose();
        Writing.Set();
        LetWaitersLook();
    }

    /// <summary>After the writer and housekeeping have ended.</summary>
    public void CloseFiles()
    {
        LetWaitersLook();
        lock (_gate)
        {
            foreach (Segment segment in _live.Segments)
                segment.File.Dispose();
        }
    }

    /// <summary>For compaction: notes about these copies must outlive the segment they are in.</summary>
    public void NoteAgain(ulong first, uint count, bool areSettled)
    {
        lock (_gate)
        {
            if (areSettled)
                _notes.AddSettled(first, count);
            else if (_live.IsKnown(first))
                _notes.AddDelivered(first);
        }
    }

    /// <summary>For compaction: writes what is left of a message again at the end of the log.</summary>
    /// <exception cref="StorageFullException">There is no room even in the reserve.</exception>
    public void Carry(Segment source, long offset, in MessageView message)
    {
        CarriedCopy[] copies = new CarriedCopy[message.Copies];
        lock (_gate)
        {
            if (TakeLive(source, offset, message, copies) == 0)
                return;
            WaitForRoom(RecordLayout.CarriedBytes(copies.Length, message.Content.Length), mayUseReserve: true);
            // Again: waiting leaves the gate, and a settle may have come between.
            int count = TakeLive(source, offset, message, copies);
            if (count == 0)
                return;
            int size = RecordLayout.CarriedBytes(count, message.Content.Length);
            RecordLayout.WriteCarried(_tail.Reserve(size, out long target), _tail.Active.Seed, message, copies.AsSpan(0, count));
            foreach (CarriedCopy copy in copies.AsSpan(0, count))
            {
                IndexEntry entry = new()
                {
                    Segment = _tail.Active.Number,
                    Offset = (uint)target,
                    Size = (uint)size,
                    Copies = (ushort)count,
                    DeliveryCount = copy.DeliveryCount,
                };
                _live.Move(copy.Id, _tail.Active, entry, _tail.Gathering.Number);
            }

            WantsWriter();
        }
    }

    /// <summary>For housekeeping: runs under the gate.</summary>
    public T Look<T>(Func<LiveMessages, LogTail, ulong, T> question)
    {
        lock (_gate)
            return question(_live, _tail, _durableBatch);
    }

    /// <summary>For housekeeping: number and first id of the segment to be made; 0 when there is one.</summary>
    public (uint Number, ulong NextId) NextSegment()
    {
        lock (_gate)
            return _tail.Next is null ? (_tail.Active.Number + 1, _tail.NextId) : (0, 0);
    }

    public void Offer(Segment next)
    {
        lock (_gate)
        {
            _live.AddSegment(next);
            _tail.Next = next;
            // Notes and flushes may have waited for it.
            if (!_notes.IsEmpty || _tail.Gathering.Flushes.Count > 0)
                _tail.Gathering.IsUrgent = true;
            Monitor.PulseAll(_gate);
        }

        Writing.Set();
    }

    /// <summary>For housekeeping: the file is gone for good.</summary>
    public void Forget(Segment segment)
    {
        lock (_gate)
        {
            while (segment.Blocks.Count > 0)
                _cache.Forget(segment.Blocks[^1]);
            _live.RemoveSegment(segment);
        }

        segment.File.Dispose();
    }

    private int TakeLive(Segment source, long offset, in MessageView message, CarriedCopy[] live)
    {
        int count = 0;
        for (int index = 0; index < message.Copies; index++)
        {
            CarriedCopy copy = message.Copy(index);
            ref IndexEntry entry = ref _live.Find(copy.Id);
            if (!Unsafe.IsNullRef(ref entry) && entry.Segment == source.Number && entry.Offset == offset)
                live[count++] = copy with { DeliveryCount = entry.DeliveryCount };
        }

        return count;
    }

    private bool SettleInMemory(ulong id)
    {
        if (!_live.Settle(id, _tail.Gathering.Number, out bool leavesDeadSegment))
            return false;
        _tail.Gathering.HasDeadSegment |= leavesDeadSegment;
        return true;
    }

    /// <summary>Returns when a record fits and the writer is not too far behind. Leaves the gate while it waits.</summary>
    private void WaitForRoom(int size, bool mayUseReserve)
    {
        while (true)
        {
            _health.ThrowIfDown();
            if (_isClosing)
                throw new StorageFailedException("the store is closed");
            bool isBehind = _tail.PendingBytes >= 2 * _options.PendingBytesMax;
            if (!isBehind && _tail.TryFit(size, mayUseReserve))
                break;
            if (_health.State == StorageState.SpaceLow)
                throw new StorageFullException(_health.Reason);
            _tail.Gathering.IsUrgent = true;
            Writing.Set();
            Housekeeping.Set();
            Monitor.Wait(_gate);
        }

        if (_tail.Next is null)
            Housekeeping.Set();
    }

    private bool WantsWriter()
    {
        Batch batch = _tail.Gathering;
        if (batch.IsUrgent)
            return true;
        if (batch.Bytes >= UrgentBytes || _notes.Count >= UrgentNotes)
            return batch.IsUrgent = true;
        if (!batch.IsTimed && !_isClosing && !(batch.IsEmpty && _notes.IsEmpty))
        {
            batch.IsTimed = true;
            _settleTimer.Change(_options.SettleDelay, Timeout.InfiniteTimeSpan);
        }

        return false;
    }

    private void MakeUrgent()
    {
        lock (_gate)
            _tail.Gathering.IsUrgent = true;
        Writing.Set();
    }

    /// <summary>Whoever waits for room looks again.</summary>
    private void LetWaitersLook()
    {
        TaskCompletionSource? room = null;
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
            if (HasRoom)
                (room, _room) = (_room, null);
        }

        room?.SetResult();
    }

    private Batch? Swap()
    {
        while (!_notes.IsEmpty && _tail.TryFit(_notes.NextBytes, mayUseReserve: true))
            _notes.Write(_tail.Reserve(_notes.NextBytes, out _), _tail.Active, _live);
        if (_tail.Next is null)
            Housekeeping.Set();
        if (_isClosing && _tail.Gathering.IsEmpty)
        {
            if (_tail.Active.EndsAt != 0)
                return null;
            _tail.End();
        }

        Batch full = _tail.Swap();
        if (!_notes.IsEmpty)
            Postpone(full);
        return full;
    }

    /// <summary>There was no room for all notes: whoever waits for a flush waits until the next segment is there.</summary>
    private void Postpone(Batch batch)
    {
        if (_isClosing)
        {
            _notes.Clear();
            foreach (TaskCompletionSource flush in batch.Flushes)
                flush.SetException(new StorageFullException(_health.Reason));
        }
        else
        {
            _tail.Gathering.Flushes.AddRange(batch.Flushes);
        }

        batch.Flushes.Clear();
    }
}

/// <summary>Where a record lies; the block, if it is in memory, is lent to the holder of this.</summary>
internal readonly record struct RecordPlace(Segment Segment, long Offset, int Size, Block? Block);
