using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Streams;

/// <summary>
/// One file of a stream: written at its end by the streams' writer alone, read by any number of consumers up to what is on disk. It is open only
/// while somebody has a lease, so a long stream costs no file handles.
/// </summary>
internal sealed class StreamFile
{
    // One place for so many bytes: 24 bytes of memory for them while the file is written, none afterwards.
    private const int BytesBetweenPlaces = 64 * 1024;

    private readonly Lock _gate = new();
    private readonly Disk _disk;
    private readonly SegmentName _name;
    // Guarded by _gate.
    private Segment? _open;
    private int _leases;
    private bool _isGone;
    private List<StreamPlace> _places = [];
    private StreamExtent _extent;
    private long _readableBytes;
    private bool _isSealed;

    private StreamFile(Disk disk, SegmentName name) => (_disk, _name) = (disk, name);

    public uint Number => _name.Number;

    public string Path => System.IO.Path.Combine(_disk.Folder, _name.ToString());

    /// <summary>What is on disk and may be read.</summary>
    public StreamExtent Extent
    {
        get
        {
            lock (_gate) return _extent;
        }
    }

    /// <summary>Up to where it may be read, and whether nothing will follow.</summary>
    public (long Bytes, bool IsWhole) Readable
    {
        get
        {
            lock (_gate) return (_readableBytes, _isSealed);
        }
    }

    /// <summary>A new file for the messages behind those, durable under its name and leased to the caller, who writes it.</summary>
    public static StreamFile Create(Disk disk, SegmentName name, StreamExtent before)
    {
        Segment segment = Segment.Create(disk, name, 0, (ulong)before.Next);
        return new StreamFile(disk, name)
        {
            _open = segment, _leases = 1, _extent = before.Behind, _readableBytes = Segment.HeaderBytes,
        };
    }

    /// <summary>A file that was found, with what is known of it.</summary>
    public static StreamFile Found(Disk disk, SegmentName name, StreamExtent extent, long bytes) =>
        new(disk, name) { _extent = extent, _readableBytes = bytes, _isSealed = true };

    /// <summary>The open file, which <see cref="Release"/> must follow; null when it was deleted.</summary>
    public Segment? Lease()
    {
        lock (_gate)
        {
            if (_isGone) return null;
            _open ??= Segment.Open(_disk, _name, out _);
            _leases++;
            return _open;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            if (--_leases > 0) return;
            _open!.File.Dispose();
            _open = null;
        }
    }

    /// <summary>What was written and synced may be read from now on.</summary>
    public void Commit(in StreamExtent extent, long bytes, List<StreamPlace> newPlaces)
    {
        lock (_gate)
        {
            (_extent, _readableBytes) = (extent, bytes);
            _places.AddRange(newPlaces);
        }
    }

    /// <summary>Whether the message at that position is to be remembered.</summary>
    public static bool IsPlace(long lastPlace, long position) => position - lastPlace >= BytesBetweenPlaces;

    /// <summary>Ends the file behind a summary. To be written by whoever writes it, then <see cref="Seal(long)"/>.</summary>
    public byte[] MakeEnd(Segment segment)
    {
        lock (_gate)
        {
            int size = StreamRecordLayout.SummaryBytes(_places.Count);
            byte[] end = new byte[size + RecordLayout.EndBytes];
            StreamRecordLayout.WriteSummary(end.AsSpan(0, size), segment.Seed, _extent, _places);
            RecordLayout.WriteEnd(end.AsSpan(size), segment.Seed);
            return end;
        }
    }

    /// <summary>The end is on disk: the places are read from there from now on.</summary>
    public void Seal(long bytes)
    {
        lock (_gate) (_readableBytes, _isSealed, _places) = (bytes, true, []);
    }

    /// <summary>A position at or before the first message of that offset, and of that time; the beginning when nothing is known.</summary>
    public long PositionBefore(long offset, long storedAt)
    {
        List<StreamPlace> places;
        lock (_gate)
        {
            if (!_isSealed)
            {
                return PositionBefore(_places, offset, storedAt);
            }
        }

        if (Lease() is not { } segment) return Segment.HeaderBytes;
        try
        {
            return StreamRecordLayout.TryReadSummary(segment, out _, out places) ? PositionBefore(places, offset, storedAt) : Segment.HeaderBytes;
        }
        finally
        {
            Release();
        }
    }

    /// <summary>The next place behind that position, where reading may go on behind damage; -1 when there is none.</summary>
    public long PlaceAfter(long position)
    {
        List<StreamPlace> places;
        lock (_gate) places = [.. _places];
        if (places.Count == 0 && Lease() is { } segment)
        {
            try
            {
                StreamRecordLayout.TryReadSummary(segment, out _, out places);
            }
            finally
            {
                Release();
            }
        }

        int next = places.FindIndex(place => place.Position > position);
        return next < 0 ? -1 : places[next].Position;
    }

    /// <summary>Takes the file off the disk; who reads it reads on.</summary>
    public void Delete()
    {
        lock (_gate) _isGone = true;
        _disk.Delete(_name.ToString());
    }

    private static long PositionBefore(List<StreamPlace> places, long offset, long storedAt)
    {
        int low = 0, high = places.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (places[middle].Offset <= offset && places[middle].StoredAt < storedAt) low = middle + 1;
            else high = middle;
        }

        return low == 0 ? Segment.HeaderBytes : places[low - 1].Position;
    }
}
