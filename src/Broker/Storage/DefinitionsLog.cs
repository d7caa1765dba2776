// definitions-<number>.log: the header of Segment.cs, then Mark, Put, Removed and End records (Segments/RecordLayout.cs). The file of the highest
// number is complete in itself; at every start, and when most of it is outdated, a new one is written and the old one removed.

using System.Buffers.Binary;
using System.Text;
using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage;

/// <summary>
/// Everything the broker was told to remember besides messages: opaque values under opaque keys. Thread-safe. Many changes at once share a sync.
/// </summary>
internal sealed class DefinitionsLog : IAsyncDisposable
{
    private const long OutdatedBytesMin = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly Disk _disk;
    private readonly StorageOptions _options;
    // Guarded by _gate.
    private readonly Dictionary<string, byte[]> _values;
    private List<Change> _pending = [];
    private TaskCompletionSource _pendingDone = NewCompletion();
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;
    private Exception? _failure;
    private bool _isClosed;
    // Only the one writing task touches these.
    private Segment _segment;
    private ulong _batch;
    private long _liveBytes;

    private DefinitionsLog(Disk disk, StorageOptions options, Dictionary<string, byte[]> values, uint number)
    {
        (_disk, _options, _values) = (disk, options, values);
        _segment = Rewrite(number);
    }

    /// <summary>Raised once, when it is unknown what the disk holds: the process must stop.</summary>
    public event Action<Exception>? Failed;

    /// <exception cref="StorageDamagedException">A definition that had been stored cannot be read.</exception>
    public static DefinitionsLog Open(Disk disk, StorageOptions options)
    {
        Dictionary<string, byte[]> values = new(StringComparer.Ordinal);
        List<SegmentName> names = SegmentName.List(disk, SegmentName.Definitions);
        if (names.Count > 0)
            Read(disk, options, names[^1], values);
        DefinitionsLog log = new(disk, options, values, names.Count == 0 ? 1 : names[^1].Number + 1);
        foreach (SegmentName name in names)
            disk.Delete(name.ToString());
        disk.SyncFolder();
        return log;
    }

    /// <summary>A copy of what is durable now.</summary>
    public IReadOnlyDictionary<string, byte[]> Snapshot()
    {
        lock (_gate)
            return new Dictionary<string, byte[]>(_values, StringComparer.Ordinal);
    }

    /// <summary>Durable when the task completes. Order of calls is order on disk.</summary>
    /// <exception cref="StorageFullException">By the task: nothing was changed; try again when there is space.</exception>
    public Task PutAsync(string key, ReadOnlySpan<byte> value) => Add(new Change(key, value.ToArray()));

    /// <summary>Durable when the task completes; removing what is not there is fine.</summary>
    public Task RemoveAsync(string key) => Add(new Change(key, null));

    /// <summary>Waits for what was begun and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        Task writing;
        lock (_gate)
            (_isClosed, writing) = (true, _writing);
        await writing;
        _segment.File.Dispose();
    }

    private Task Add(Change change)
    {
        lock (_gate)
        {
            if (_isClosed || _failure is not null)
                return Task.FromException(new StorageFailedException("definitions cannot be stored any more", _failure));
            _pending.Add(change);
            Task done = _pendingDone.Task;
            if (!_isWriting)
            {
                _isWriting = true;
                _writing = Task.Run(WriteAll);
            }

            return done;
        }
    }

    private void WriteAll()
    {
        while (true)
        {
            List<Change> changes;
            TaskCompletionSource done;
            lock (_gate)
            {
                if (_pending.Count == 0)
                {
                    _isWriting = false;
                    return;
                }

                (changes, _pending) = (_pending, []);
                (done, _pendingDone) = (_pendingDone, NewCompletion());
            }

            try
            {
                Write(changes);
                done.SetResult();
            }
            catch (StorageFullException full)
            {
                done.SetException(full);
            }
            catch (Exception failure)
            {
                Fail(failure, done);
                return;
            }
        }
    }

    private void Write(List<Change> changes)
    {
        byte[] batch = new byte[RecordLayout.MarkBytes + changes.Sum(change => change.RecordBytes)];
        RecordLayout.WriteMark(batch.AsSpan(0, RecordLayout.MarkBytes), _segment, new Mark(++_batch, _segment.Position, 0, true));
        int at = RecordLayout.MarkBytes;
        foreach (Change change in changes)
        {
            change.Write(batch.AsSpan(at, change.RecordBytes), _segment.Seed);
            at += change.RecordBytes;
        }

        try
        {
            _segment.File.Write([batch], _segment.Position);
        }
        catch (IOException failure) when (_disk.MeansFull(failure))
        {
            // What was written of it lies behind the end and is overwritten next time.
            throw new StorageFullException(failure.Message);
        }

        _segment.File.SyncData();
        _segment.Position += batch.Length;
        lock (_gate)
        {
            foreach (Change change in changes)
                Apply(change);
        }

        if (_segment.Position > OutdatedBytesMin + 2 * _liveBytes)
            Compact();
    }

    private void Apply(Change change)
    {
        if (_values.Remove(change.Key, out byte[]? old))
            _liveBytes -= new Change(change.Key, old).RecordBytes;
        if (change.Value is null)
            return;
        _values.Add(change.Key, change.Value);
        _liveBytes += change.RecordBytes;
    }

    private void Compact()
    {
        Segment old = _segment;
        try
        {
            _segment = Rewrite(old.Number + 1);
        }
        catch (IOException failure) when (_disk.MeansFull(failure))
        {
            // The old file is whole and goes on being used.
            return;
        }

        old.File.Dispose();
        _disk.Delete(old.Name);
    }

    /// <summary>Makes a file with all values in it. It only gets its name when it is complete, so the highest number is always complete.</summary>
    private Segment Rewrite(uint number)
    {
        Segment segment = Segment.Begin(_disk, new SegmentName(SegmentName.Definitions, number), 0, 0);
        try
        {
            _liveBytes = 0;
            foreach ((string key, byte[] value) in _values)
            {
                Change change = new(key, value);
                byte[] record = new byte[change.RecordBytes];
                change.Write(record, segment.Seed);
                WriteAtEnd(segment, record);
                _liveBytes += record.Length;
            }

            // The mark says that all before it was synced, which is so before the file gets its name.
            byte[] mark = new byte[RecordLayout.MarkBytes];
            RecordLayout.WriteMark(mark, segment, new Mark(++_batch, segment.Position, 0, true));
            WriteAtEnd(segment, mark);
            segment.Publish(_disk);
            return segment;
        }
        catch
        {
            segment.File.Dispose();
            throw;
        }
    }

    private static void WriteAtEnd(Segment segment, byte[] record)
    {
        segment.File.Write([record], segment.Position);
        segment.Position += record.Length;
    }

    private void Fail(Exception failure, TaskCompletionSource done)
    {
        TaskCompletionSource next;
        lock (_gate)
        {
            _failure = failure;
            next = _pendingDone;
        }

        StorageFailedException down = new($"definitions cannot be stored: {failure.Message}", failure);
        done.SetException(down);
        next.TrySetException(down);
        Failed?.Invoke(failure);
    }

    private static void Read(Disk disk, StorageOptions options, SegmentName name, Dictionary<string, byte[]> values)
    {
        Segment segment = Segment.Open(disk, name, out _);
        using DiskFile file = segment.File;
        SegmentReader reader = new(segment);
        while (true)
        {
            while (reader.TryNext(out ReadOnlySpan<byte> payload))
            {
                if (!TryApply(payload, values))
                    throw new StorageDamagedException(Path.Combine(disk.Folder, segment.Name), reader.Offset, "not a definition");
            }

            long mark = reader.FindLaterMark(out _);
            if (mark < 0)
                return;
            if (!options.SkipDamaged)
                throw new StorageDamagedException(Path.Combine(disk.Folder, segment.Name), reader.Position, reader.Reason);
            reader.SkipTo(mark);
        }
    }

    private static bool TryApply(ReadOnlySpan<byte> payload, Dictionary<string, byte[]> values)
    {
        RecordKind kind = (RecordKind)payload[0];
        if (kind is RecordKind.Mark)
            return true;
        if (kind is not (RecordKind.Put or RecordKind.Removed) || payload.Length < RecordLayout.DefinitionFixedBytes)
            return false;
        int keyBytes = BinaryPrimitives.ReadInt32LittleEndian(payload[4..]);
        ReadOnlySpan<byte> rest = payload[RecordLayout.DefinitionFixedBytes..];
        if (keyBytes < 0 || keyBytes > rest.Length)
            return false;
        string key = Encoding.UTF8.GetString(rest[..keyBytes]);
        if (kind == RecordKind.Put)
            values[key] = rest[keyBytes..].ToArray();
        else
            values.Remove(key);
        return true;
    }

    private static TaskCompletionSource NewCompletion() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly record struct Change(string Key, byte[]? Value)
    {
        public int RecordBytes =>
            RecordLayout.HeaderBytes + RecordLayout.DefinitionFixedBytes + Encoding.UTF8.GetByteCount(Key) + (Value?.Length ?? 0);

        public void Write(Span<byte> record, uint seed)
        {
            Span<byte> payload = record[RecordLayout.HeaderBytes..];
            payload[..4].Clear();
            payload[0] = (byte)(Value is null ? RecordKind.Removed : RecordKind.Put);
            int keyBytes = Encoding.UTF8.GetBytes(Key, payload[RecordLayout.DefinitionFixedBytes..]);
            BinaryPrimitives.WriteInt32LittleEndian(payload[4..], keyBytes);
            Value?.CopyTo(payload[(RecordLayout.DefinitionFixedBytes + keyBytes)..]);
            RecordLayout.Close(record, seed);
        }
    }
}
