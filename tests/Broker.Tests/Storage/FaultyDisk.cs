using Quintet.Broker.Storage.Disks;

namespace Quintet.Broker.Tests.Storage;

/// <summary>What a machine may do with what was not synced when its power goes.</summary>
internal enum PowerLoss
{
    ForgetsUnsynced,
    KeepsUnsynced,

    /// <summary>Keeps any sectors of any writes, and any of the changes of names.</summary>
    KeepsAnySectors,
}

internal enum Fault
{
    None,

    /// <summary>The power goes during the operation: it and every later one fails.</summary>
    Dies,

    /// <summary>The operation fails once; the disk goes on.</summary>
    FailsOnce,

    /// <summary>This and the following operations that need space fail until <see cref="FaultyDisk.HasSpace"/> is set.</summary>
    IsFull,
}

/// <summary>
/// A disk in memory that keeps apart what was written and what was synced, and breaks at an operation of the test's choice.
/// </summary>
internal sealed class FaultyDisk : Disk
{
    private const int SectorBytes = 512;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, FileContent> _names = [];
    private Dictionary<string, FileContent> _durableNames = [];
    private readonly List<Action<Dictionary<string, FileContent>>> _pendingNames = [];
    private readonly TaskCompletionSource _dead = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override string Folder => "/faulty";

    /// <summary>The number of the operation that breaks, counted from 1.</summary>
    public int BreaksAt { get; init; }

    public Fault Fault { get; init; }

    public int Operations { get; private set; }

    public bool HasSpace { get; set; } = true;

    /// <summary>Files may have this many bytes together.</summary>
    public long FullAtBytes { get; init; } = long.MaxValue;

    public long Free { get; set; } = long.MaxValue;

    public string BrokenOperation { get; private set; } = "";

    /// <summary>Completes when the power goes.</summary>
    public Task Dead => _dead.Task;

    public override long FreeBytes => Free;

    public long UsedBytes
    {
        get
        {
            lock (_gate)
                return _names.Values.Sum(file => file.Length);
        }
    }

    public override IReadOnlyList<string> List()
    {
        lock (_gate)
            return [.. _names.Keys];
    }

    /// <summary>The bytes of a file, to be damaged.</summary>
    public byte[] Content(string name)
    {
        lock (_gate)
            return _names[name].Current.ToArray();
    }

    /// <summary>One bit turns, as it does.</summary>
    public void Corrupt(string name, int at)
    {
        lock (_gate)
            _names[name].Flip(at);
    }

    public void Replace(string name, byte[] content)
    {
        lock (_gate)
        {
            _names[name] = FileContent.Of(content);
            _durableNames[name] = _names[name];
        }
    }

    /// <summary>What the machine finds when it is switched on again.</summary>
    public FaultyDisk Reboot(PowerLoss loss, Random random, int breaksAt = 0, Fault fault = Fault.None)
    {
        lock (_gate)
        {
            Dictionary<string, FileContent> names = new(_durableNames);
            foreach (Action<Dictionary<string, FileContent>> change in _pendingNames)
            {
                if (loss == PowerLoss.KeepsUnsynced || (loss == PowerLoss.KeepsAnySectors && random.Next(2) == 0))
                    change(names);
            }

            FaultyDisk disk = new() { BreaksAt = breaksAt, Fault = fault };
            foreach ((string name, FileContent file) in names)
                disk._names[name] = FileContent.Of(file.After(loss, random));
            disk._durableNames = new(disk._names);
            return disk;
        }
    }

    public override DiskFile Create(string name, long bytes)
    {
        lock (_gate)
        {
            Count($"create {name}", needsSpace: true);
            if (UsedBytes + bytes > FullAtBytes)
                throw new FullException();
            FileContent file = FileContent.Of(new byte[bytes]);
            Change(names => names[name] = file);
            return new OpenFile(this, file);
        }
    }

    public override DiskFile Open(string name)
    {
        lock (_gate)
            return new OpenFile(this, _names[name]);
    }

    public override void Rename(string from, string to)
    {
        lock (_gate)
        {
            Count($"rename {from}");
            FileContent file = _names[from];
            Change(names =>
            {
                if (names.TryGetValue(from, out FileContent? there) && ReferenceEquals(there, file))
                    names.Remove(from);
                names[to] = file;
            });
        }
    }

    public override void Delete(string name)
    {
        lock (_gate)
        {
            Count($"delete {name}");
            Change(names => names.Remove(name));
        }
    }

    public override void SyncFolder()
    {
        lock (_gate)
        {
            Count("sync folder");
            _durableNames = new(_names);
            _pendingNames.Clear();
        }
    }

    public override bool MeansFull(IOException failure) => failure is FullException;

    public override void Dispose()
    {
    }

    private void Change(Action<Dictionary<string, FileContent>> change)
    {
        change(_names);
        _pendingNames.Add(change);
    }

    private void Count(string operation, bool needsSpace = false)
    {
        if (_dead.Task.IsCompleted)
            throw new IOException("the machine has no power");
        Operations++;
        if (Operations == BreaksAt && Fault != Fault.None)
        {
            BrokenOperation = operation;
            if (Fault == Fault.IsFull)
                HasSpace = false;
            if (Fault == Fault.Dies)
                _dead.SetResult();
            if (Fault != Fault.IsFull)
                throw new IOException($"operation {Operations} broke: {operation}");
        }

        if (needsSpace && !HasSpace)
            throw new FullException();
    }

    private sealed class FullException() : IOException("no space left");

    private sealed class OpenFile(FaultyDisk disk, FileContent file) : DiskFile
    {
        private bool _isClosed;

        public override long Length
        {
            get
            {
                lock (disk._gate)
                    return file.Length;
            }
        }

        public override int Read(Span<byte> buffer, long offset)
        {
            lock (disk._gate)
            {
                ObjectDisposedException.ThrowIf(_isClosed, this);
                ReadOnlySpan<byte> there = offset >= file.Length ? [] : file.Current[(int)offset..];
                int count = Math.Min(there.Length, buffer.Length);
                there[..count].CopyTo(buffer);
                return count;
            }
        }

        public override void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
        {
            lock (disk._gate)
            {
                byte[] data = buffers.SelectMany(buffer => buffer.ToArray()).ToArray();
                try
                {
                    disk.Count($"write {data.Length} at {offset}", needsSpace: offset + data.Length > file.Length);
                    file.Write(offset, data);
                }
                catch (IOException)
                {
                    // A write that fails may have been carried out in part.
                    file.Write(offset, data.AsSpan(0, data.Length / 2).ToArray());
                    throw;
                }
            }
        }

        public override void SyncData()
        {
            lock (disk._gate)
            {
                disk.Count("sync data");
                file.Sync();
            }
        }

        public override void Truncate(long length)
        {
            lock (disk._gate)
            {
                disk.Count($"truncate to {length}");
                file.Truncate(length);
            }
        }

        public override void Dispose()
        {
            lock (disk._gate)
                _isClosed = true;
        }
    }

    private sealed class FileContent
    {
        private readonly List<(long Offset, byte[]? Data)> _unsynced = [];
        private byte[] _current = [];
        private byte[] _durable = [];
        private int _length;

        public int Length => _length;

        public ReadOnlySpan<byte> Current => _current.AsSpan(0, _length);

        public static FileContent Of(byte[] content) =>
            new() { _current = content, _length = content.Length, _durable = content.ToArray() };

        public void Write(long offset, byte[] data)
        {
            Apply(ref _current, ref _length, offset, data);
            _unsynced.Add((offset, data));
        }

        public void Truncate(long length)
        {
            Apply(ref _current, ref _length, length, null);
            _unsynced.Add((length, null));
        }

        public void Flip(int at) => _current[at] ^= 1;

        public void Sync()
        {
            _durable = Current.ToArray();
            _unsynced.Clear();
        }

        public byte[] AfterKeeping() => Current.ToArray();

        public byte[] After(PowerLoss loss, Random random)
        {
            if (loss == PowerLoss.KeepsUnsynced)
                return AfterKeeping();
            byte[] bytes = _durable.ToArray();
            int length = bytes.Length;
            if (loss == PowerLoss.KeepsAnySectors)
            {
                foreach ((long offset, byte[]? data) in _unsynced)
                    ApplySome(ref bytes, ref length, (offset, data), random);
            }

            return bytes.AsSpan(0, length).ToArray();
        }

        private static void ApplySome(ref byte[] bytes, ref int length, (long Offset, byte[]? Data) change, Random random)
        {
            if (change.Data is null)
            {
                if (random.Next(2) == 0)
                    Apply(ref bytes, ref length, change.Offset, null);
                return;
            }

            for (int from = 0; from < change.Data.Length; from += SectorBytes)
            {
                byte[] sector = change.Data.AsSpan(from, Math.Min(SectorBytes, change.Data.Length - from)).ToArray();
                if (random.Next(2) == 0)
                    Apply(ref bytes, ref length, change.Offset + from, sector);
            }
        }

        private static void Apply(ref byte[] bytes, ref int length, long offset, byte[]? data)
        {
            int end = (int)offset + (data?.Length ?? 0);
            if (end > bytes.Length)
                Array.Resize(ref bytes, Math.Max(end, bytes.Length * 2));
            if (data is null)
            {
                // Bytes behind the new end read as zero if the file grows again.
                if (end < length)
                    bytes.AsSpan(end, length - end).Clear();
                length = end;
                return;
            }

            data.CopyTo(bytes, offset);
            length = Math.Max(length, end);
        }
    }
}
