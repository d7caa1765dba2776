using System.Globalization;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Storage;

/// <summary>
/// The append-only file behind the registry: <c>registry-&lt;n&gt;.log</c> in the data folder, layout in LogCodec. One thread uses it.
/// A compaction writes the state into file n+1 under a temporary name, syncs, renames, and removes file n: at every moment one
/// whole file is there. The file is filled with zeros ahead of the writes: a sync then has no new size to put into the file system's
/// own journal, which costs more than the data.
/// </summary>
internal sealed class ChangeLog : IDisposable
{
    private const int AllocationBytes = 1 << 20;

    private const string Prefix = "registry-";
    private const string Suffix = ".log";

    private readonly string _folder;
    private readonly Disk _disk;
    private readonly FileStream _lock;
    private SafeFileHandle _file;
    private long _number;
    private long _allocatedBytes;

    private ChangeLog(string folder, Disk disk, FileStream heldLock)
    {
        _folder = folder;
        _disk = disk;
        _lock = heldLock;
        _file = new SafeFileHandle();
    }

    /// <summary>Bytes in use; the next frame goes here.</summary>
    public long LengthBytes { get; private set; }

    /// <summary>Bytes of the snapshot that the file began with.</summary>
    public long SnapshotBytes { get; private set; }

    /// <summary>Bytes of a torn frame that opening cut off.</summary>
    public long TornBytes { get; private set; }

    /// <summary>Opens the folder's newest log, or makes the first, and gives the state it holds.</summary>
    /// <exception cref="InvalidDataException">The log is damaged elsewhere than at its end.</exception>
    /// <exception cref="IOException">The folder is in use by another registry, or cannot be read or written.</exception>
    public static ChangeLog Open(string folder, Disk disk, out RegistryState state)
    {
        Directory.CreateDirectory(folder);
        ChangeLog log = new(folder, disk, Lock(folder));
        try
        {
            foreach (string unfinished in Directory.EnumerateFiles(folder, $"{Prefix}*.tmp")) File.Delete(unfinished);
            long[] numbers = [.. Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}").Select(NumberOf).Order()];
            state = RegistryState.Empty;
            if (numbers.Length == 0)
                log.Replace(state);
            else
                state = log.Recover(numbers[^1]);
            foreach (long older in numbers.SkipLast(1)) File.Delete(log.PathOf(older));
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Makes the mutations durable.</summary>
    /// <exception cref="IOException">Nothing was kept: the file is as before.</exception>
    /// <exception cref="DurabilityLostException">Nobody knows what was kept. The process must end; its next start reads what is there.</exception>
    public void Append(IReadOnlyList<Mutation> mutations)
    {
        byte[] frame = LogCodec.Encode(mutations);
        try
        {
            if (LengthBytes + frame.Length > _allocatedBytes) Allocate(frame.Length);
            _disk.Write(_file, frame, LengthBytes);
        }
        catch (IOException)
        {
            CutBack();
            throw;
        }

        SyncOrLose(_file);
        LengthBytes += frame.Length;
    }

    /// <summary>Begins a new file with a snapshot of <paramref name="state"/>. On failure the present file stays in use.</summary>
    public void Replace(RegistryState state)
    {
        long number = _number + 1;
        string temporary = PathOf(number) + ".tmp";
        SafeFileHandle file = File.OpenHandle(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        long length = LogCodec.FileMark.Length;
        try
        {
            _disk.Write(file, LogCodec.FileMark, 0);
            foreach (Change[] part in SnapshotParts(state))
            {
                byte[] frame = LogCodec.Encode([new Mutation(state.Index, part)]);
                _disk.Write(file, frame, length);
                length += frame.Length;
            }

            _disk.Sync(file);
            File.Move(temporary, PathOf(number), overwrite: true);
        }
        catch
        {
            file.Dispose();
            File.Delete(temporary);
            throw;
        }

        try
        {
            _disk.SyncFolder(_folder);
        }
        catch (IOException fault)
        {
            file.Dispose();
            throw new DurabilityLostException("the name of the new log may not last", fault);
        }

        string previous = PathOf(_number);
        _file.Dispose();
        (_file, _number, LengthBytes, SnapshotBytes, _allocatedBytes) = (file, number, length, length, length);
        File.Delete(previous);
    }

    public void Dispose()
    {
        _file.Dispose();
        _lock.Dispose();
    }

    private static FileStream Lock(string folder)
    {
        string path = Path.Combine(folder, "registry.lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault)
        {
            throw new IOException($"Registry:DataFolder: '{folder}' cannot be locked; another registry seems to use it", fault);
        }
    }

    private static long NumberOf(string path)
    {
        ReadOnlySpan<char> name = Path.GetFileName(path.AsSpan());
        return long.TryParse(name[Prefix.Length..^Suffix.Length], CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new InvalidDataException($"'{path}' looks like a log of the registry but has no number; move it away");
    }

    private string PathOf(long number) =>
        Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D8}{Suffix}"));

    private RegistryState Recover(long number)
    {
        string path = PathOf(number);
        ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
        if (!bytes.StartsWith(LogCodec.FileMark)) throw new InvalidDataException($"'{path}' is not a log of the registry");

        RegistryState state = RegistryState.Empty;
        int at = LogCodec.FileMark.Length;
        while (LogCodec.TryReadFrame(bytes[at..], out ReadOnlySpan<byte> payload))
        {
            state = Replay(state, payload, path, at, out bool endsSnapshot);
            at += LogCodec.FrameHeaderBytes + payload.Length;
            if (endsSnapshot) SnapshotBytes = at;
        }

        if (at < bytes.Length && LogCodec.HoldsFrame(bytes[(at + 1)..]))
            throw new InvalidDataException(
                $"'{path}' is damaged at byte {at}, and whole writes follow. "
                + "Restore it from a copy, or cut it there by hand to lose what follows.");

        _number = number;
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        LengthBytes = at;
        _allocatedBytes = bytes.Length;
        if (bytes[at..].ContainsAnyExcept((byte)0))
        {
            TornBytes = bytes.Length - at;
            _disk.Truncate(_file, at);
            _disk.Sync(_file);
            _allocatedBytes = at;
        }

        return state;
    }

    /// <summary>Frames of a bounded size: a thousand rows, or 16 MiB of values.</summary>
    private static IEnumerable<Change[]> SnapshotParts(RegistryState state)
    {
        if (state.Index == 0) yield break;
        List<Change> part = [];
        long valueBytes = 0;
        foreach (Change change in state.AsChanges())
        {
            part.Add(change);
            if (change is KeyPut key) valueBytes += key.Row.Value.Length;
            if (part.Count < 1000 && valueBytes < 16 << 20) continue;
            yield return [.. part];
            part.Clear();
            valueBytes = 0;
        }

        if (part.Count > 0) yield return [.. part];
    }

    private static RegistryState Replay(RegistryState state, ReadOnlySpan<byte> payload, string path, int at, out bool endsSnapshot)
    {
        endsSnapshot = false;
        try
        {
            foreach (Mutation mutation in LogCodec.Decode(payload))
            {
                state = state.Apply(mutation);
                endsSnapshot |= mutation.Changes is [.., ScopesSet];
            }

            return state;
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or NotSupportedException)
        {
            throw new InvalidDataException($"'{path}' holds a write at byte {at} that this version cannot read", fault);
        }
    }

    private void Allocate(int needed)
    {
        byte[] zeros = new byte[needed + AllocationBytes];
        _disk.Write(_file, zeros, LengthBytes);
        _allocatedBytes = LengthBytes + zeros.Length;
    }

    private void CutBack()
    {
        try
        {
            _disk.Truncate(_file, LengthBytes);
            _allocatedBytes = LengthBytes;
        }
        catch (IOException fault)
        {
            throw new DurabilityLostException("a failed write could not be taken back", fault);
        }
    }

    private void SyncOrLose(SafeFileHandle file)
    {
        try
        {
            _disk.Sync(file);
        }
        catch (IOException fault)
        {
            // After a failed sync the kernel may have dropped the pages: trying again would report success for bytes that are gone.
            throw new DurabilityLostException("the disk failed to sync", fault);
        }
    }
}

/// <summary>It is unknown what the disk holds. Nothing may be confirmed any more by this process.</summary>
internal sealed class DurabilityLostException(string message, Exception cause) : Exception(message, cause);
