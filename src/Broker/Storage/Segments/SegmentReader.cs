// Reads a segment file, laid out in Segment.cs and RecordLayout.cs, from its first record to its last.

namespace Quintet.Broker.Storage.Segments;

internal enum ReadEnd
{
    /// <summary>There may be more.</summary>
    None,

    /// <summary>An End record: the segment is whole.</summary>
    Ended,

    /// <summary>Bytes that are no record, or none.</summary>
    Broken,
}

/// <summary>Walks through the records of a segment that nobody writes.</summary>
internal sealed class SegmentReader
{
    private const int ChunkBytes = 1024 * 1024;

    private readonly Segment _segment;
    private readonly long _fileBytes;
    private byte[] _buffer;
    private int _start;
    private int _count;

    public SegmentReader(Segment segment)
    {
        _segment = segment;
        _fileBytes = segment.File.Length;
        _buffer = NewChunk();
    }

    /// <summary>Where the record returned last begins.</summary>
    public long Offset { get; private set; } = Segment.HeaderBytes;

    /// <summary>Where the next record begins; at the end, where the last whole record ends.</summary>
    public long Position { get; private set; } = Segment.HeaderBytes;

    public ReadEnd End { get; private set; }

    public string Reason { get; private set; } = "";

    /// <summary>The next record's payload, borrowed until the next call.</summary>
    public bool TryNext(out ReadOnlySpan<byte> payload)
    {
        payload = default;
        if (End != ReadEnd.None)
            return false;
        RecordStatus status;
        int size;
        while ((status = RecordReader.Read(_buffer.AsSpan(_start, _count), _segment.Seed, out size)) == RecordStatus.Cut)
        {
            if (!Fill(Math.Max(size, RecordLayout.HeaderBytes)))
            {
                Break(_count == 0 ? "the file ends without an end record" : "the file ends inside a record");
                return false;
            }
        }

        if (status == RecordStatus.Invalid)
        {
            Break("no record with a matching checksum");
            return false;
        }

        payload = _buffer.AsSpan(_start + RecordLayout.HeaderBytes, size - RecordLayout.HeaderBytes);
        Offset = Position;
        Position += size;
        _start += size;
        _count -= size;
        if (payload[0] == (byte)RecordKind.End)
            End = ReadEnd.Ended;
        return true;
    }

    /// <summary>Goes on at another place.</summary>
    public void SkipTo(long position)
    {
        (Position, _start, _count, End) = (position, 0, 0, ReadEnd.None);
    }

    /// <summary>Looks behind damage for a mark that says everything before it was synced; -1 when there is none. Counts bytes that are not zero.</summary>
    public long FindLaterMark(out long lastUsed)
    {
        lastUsed = Position;
        byte[] chunk = NewChunk();
        // Chunks overlap, so that a mark across their border is seen.
        for (long at = Position; at < _fileBytes; at += chunk.Length - RecordLayout.MarkBytes)
        {
            ReadOnlySpan<byte> data = chunk.AsSpan(0, _segment.File.Read(chunk, at));
            int used = data.LastIndexOfAnyExcept((byte)0);
            if (used >= 0)
                lastUsed = at + used + 1;
            for (int from = 0; from < data.Length;)
            {
                int mark = RecordReader.FindMark(data[from..], _segment, at + from);
                if (mark < 0)
                    break;
                if (at + from + mark > Position && Mark.Read(data[(from + mark + RecordLayout.HeaderBytes)..]).IsAllBeforeSynced)
                    return at + from + mark;
                from += mark + 1;
            }
        }

        return -1;
    }

    private byte[] NewChunk() => new byte[Math.Clamp(_fileBytes, 2 * RecordLayout.MarkBytes, ChunkBytes)];

    private void Break(string reason) => (End, Reason) = (ReadEnd.Broken, reason);

    /// <summary>Reads on until the buffer holds <paramref name="size"/> bytes; false when the file has fewer.</summary>
    private bool Fill(int size)
    {
        if (size > _fileBytes - Position)
            return false;
        if (size > _buffer.Length)
        {
            byte[] larger = new byte[size];
            _buffer.AsSpan(_start, _count).CopyTo(larger);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_start, _count).CopyTo(_buffer);
        }

        _start = 0;
        _count += _segment.File.Read(_buffer.AsSpan(_count), Position + _count);
        return _count >= size;
    }
}
