using System.Buffers;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Streams;

/// <summary>
/// Reads a stream in sequence, one reader for each consumer, from the files as they are. Not thread-safe. It holds a buffer only while something
/// that was read waits in it, and a file open only between <see cref="TryNext"/> and <see cref="Rest"/>.
/// </summary>
internal sealed class EntryReader(StreamLog log, int bufferBytes)
{
    private byte[]? _buffer;
    private int _start;
    private int _count;
    private StreamFile? _file;
    private Segment? _segment;
    // Where the file is read next; the buffer ends there.
    private long _position;
    private uint _seed;

    /// <summary>The offset that is due.</summary>
    public long NextOffset { get; set; }

    /// <summary>Older messages are passed over. Milliseconds since 1970.</summary>
    public long NotBefore { get; set; } = long.MinValue;

    /// <summary>Takes the next message, borrowed until the next call; false when it has not come yet.</summary>
    /// <exception cref="StorageDamagedException">It cannot be read; <see cref="SkipDamage"/> goes on behind it.</exception>
    public bool TryNext(out StreamEntry entry)
    {
        while (true)
        {
            entry = default;
            if (_file is null && !Locate()) return false;
            int size = 0;
            RecordStatus status = _count == 0 ? RecordStatus.Cut : RecordReader.Read(_buffer.AsSpan(_start, _count), _seed, out size);
            if (status == RecordStatus.Invalid) throw new StorageDamagedException(_file!.Path, _position - _count, "no record with a matching checksum");
            if (status == RecordStatus.Cut)
            {
                if (Fill(Math.Max(size, RecordLayout.HeaderBytes))) continue;
                // What may be read ends with a whole record.
                if (_count > 0) throw new StorageDamagedException(_file!.Path, _position - _count, "the file ends inside a record");
                if (!TryLeave()) return false;
                continue;
            }

            ReadOnlySpan<byte> payload = _buffer.AsSpan(_start + RecordLayout.HeaderBytes, size - RecordLayout.HeaderBytes);
            _start += size;
            _count -= size;
            if (!StreamEntry.IsOne(payload)) continue;
            if (!StreamEntry.TryCreate(payload, out entry)) throw new StorageDamagedException(_file!.Path, _position - _count - size, "not a message");
            if (entry.Offset < NextOffset) continue;
            NextOffset = entry.Offset + 1;
            if (entry.StoredAt >= NotBefore) return true;
        }
    }

    /// <summary>Passes over what cannot be read, up to the next place that is known.</summary>
    public void SkipDamage()
    {
        if (_file is null) return;
        long next = _file.PlaceAfter(_position - _count);
        (_start, _count) = (0, 0);
        _position = next >= 0 ? next : _file.Readable.Bytes;
    }

    /// <summary>Nothing is read for a while: keeps no file open, and no memory but what holds messages.</summary>
    public void Rest()
    {
        CloseFile();
        if (_count > 0 || _buffer is null) return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = null;
    }

    /// <summary>Nothing is read any more.</summary>
    public void End()
    {
        _count = 0;
        Rest();
        _file = null;
    }

    private bool Locate()
    {
        if (log.FileOf(NextOffset, NotBefore) is not { } file) return false;
        _file = file;
        _position = file.PositionBefore(NextOffset, NotBefore);
        (_start, _count) = (0, 0);
        return true;
    }

    /// <summary>Reads on until the buffer holds so many bytes; false when they are not there.</summary>
    private bool Fill(int size)
    {
        (long readable, _) = _file!.Readable;
        if (readable - _position + _count < size) return false;
        if (!OpenFile()) return true; // deleted: found again from where the messages are now
        _buffer ??= ArrayPool<byte>.Shared.Rent(bufferBytes);
        byte[] into = _buffer;
        if (size > into.Length) into = ArrayPool<byte>.Shared.Rent(size);
        _buffer.AsSpan(_start, _count).CopyTo(into);
        if (into != _buffer) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = into;
        _start = 0;
        int wanted = (int)Math.Min(into.Length - _count, readable - _position);
        int read = _segment!.File.Read(into.AsSpan(_count, wanted), _position);
        _position += read;
        _count += read;
        if (read < wanted) throw new StorageDamagedException(_file.Path, _position, "the file is shorter than it was");
        return true;
    }

    private bool OpenFile()
    {
        if (_segment is not null) return true;
        _segment = _file!.Lease();
        if (_segment is null)
        {
            _file = null;
            _count = 0;
            return false;
        }

        _seed = _segment.Seed;
        return true;
    }

    // The file is read to its end: goes on to the next one, if it is there and nothing more comes into this one.
    private bool TryLeave()
    {
        (long readable, bool isWhole) = _file!.Readable;
        if (!isWhole || readable > _position) return false;
        if (log.FileAfter(_file) is not { } next) return false;
        CloseFile();
        _file = next;
        _position = Segment.HeaderBytes;
        (_start, _count) = (0, 0);
        return true;
    }

    private void CloseFile()
    {
        if (_segment is null) return;
        _segment = null;
        _file!.Release();
    }
}
