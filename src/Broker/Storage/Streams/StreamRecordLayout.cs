// What is in a file of a stream, besides the Mark and End records of Segments/RecordLayout.cs and within the same frame of length and checksum.
// All numbers little-endian:
//
// Entry (32), a message of a stream
//    0  1  kind
//    1  1  length of the filter value (f)
//    2  2  unused
//    4  8  offset
//   12  8  stored at, ms; never less than before it
//   20  8  the id its copy had in the message log
//   28  4  length of the envelope (e)
//   32  f  filter value
//       e  envelope
//       …  body
//
// Summary (33), before the End of a file that is full or was closed
//    0  1  kind
//    1  3  unused
//    4  8  offset of the first entry
//   12  8  offset behind the last
//   20  8  stored at, of the first entry
//   28  8  stored at, of the last
//   36  4  number of places (n)
//   40 24n places: offset 8, stored at 8, position in the file 8
//       4  size of this whole record, to find it from the end of the file
//
// docs/design/storage-format.md says how they are appended and read back.

using System.Buffers.Binary;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Streams;

/// <summary>Where one message of a stream is: one in so many is remembered, the others are found by reading on from there.</summary>
internal readonly record struct StreamPlace(long Offset, long StoredAt, long Position);

/// <summary>What is known of a file of a stream without reading it through.</summary>
internal readonly record struct StreamExtent(long First, long Next, long FirstAt, long LastAt)
{
    public long Count => Next - First;

    /// <summary>That of an empty file which follows.</summary>
    public StreamExtent Behind => new(Next, Next, LastAt, LastAt);

    /// <summary>The same with one more message behind it.</summary>
    public StreamExtent With(long storedAt) => this with { Next = Next + 1, FirstAt = Count == 0 ? storedAt : FirstAt, LastAt = storedAt };
}

/// <summary>A message of a stream, borrowed from where it was read. Made only of a payload whose checksum and lengths agree.</summary>
internal readonly ref struct StreamEntry
{
    private readonly ReadOnlySpan<byte> _payload;

    private StreamEntry(ReadOnlySpan<byte> payload) => _payload = payload;

    public long Offset => BinaryPrimitives.ReadInt64LittleEndian(_payload[4..]);

    public long StoredAt => BinaryPrimitives.ReadInt64LittleEndian(_payload[12..]);

    public ulong SourceId => BinaryPrimitives.ReadUInt64LittleEndian(_payload[20..]);

    /// <summary>Empty when it has none.</summary>
    public ReadOnlySpan<byte> FilterValue => _payload.Slice(StreamRecordLayout.EntryFixedBytes, _payload[1]);

    public ReadOnlySpan<byte> Envelope => _payload.Slice(StreamRecordLayout.EntryFixedBytes + _payload[1], EnvelopeBytes);

    public ReadOnlySpan<byte> Body => _payload[(StreamRecordLayout.EntryFixedBytes + _payload[1] + EnvelopeBytes)..];

    private int EnvelopeBytes => BinaryPrimitives.ReadInt32LittleEndian(_payload[28..]);

    public static bool IsOne(ReadOnlySpan<byte> payload) => payload[0] == StreamRecordLayout.EntryKind;

    /// <summary>False when the lengths inside do not fit the payload, which a correct checksum rules out but for our own bugs.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> payload, out StreamEntry entry)
    {
        entry = new StreamEntry(payload);
        if (payload.Length < StreamRecordLayout.EntryFixedBytes || !IsOne(payload)) return false;
        int envelope = entry.EnvelopeBytes;
        return envelope >= 0 && (long)StreamRecordLayout.EntryFixedBytes + payload[1] + envelope <= payload.Length;
    }
}

/// <summary>Where the fields are.</summary>
internal static class StreamRecordLayout
{
    public const byte EntryKind = 32;
    public const byte SummaryKind = 33;
    public const int EntryFixedBytes = 32;

    private const int SummaryFixedBytes = 40;
    private const int PlaceBytes = 24;
    private const int SizeBytes = 4;

    public static int EntryBytes(int encodedBytes, int bodyBytes) =>
        checked(RecordLayout.HeaderBytes + EntryFixedBytes + encodedBytes + bodyBytes);

    public static int SummaryBytes(int places) => RecordLayout.HeaderBytes + SummaryFixedBytes + places * PlaceBytes + SizeBytes;

    /// <param name="record">All of its room.</param>
    /// <param name="seed">Of the file.</param>
    /// <param name="place">Its offset and its time.</param>
    /// <param name="sourceId">Its id in the message log.</param>
    /// <param name="encoded">The filter value and then the envelope.</param>
    /// <param name="filterBytes">How much of that is the filter value.</param>
    /// <param name="body">The body.</param>
    public static void WriteEntry(
        Span<byte> record, uint seed, in StreamPlace place, ulong sourceId, ReadOnlySpan<byte> encoded, int filterBytes, ReadOnlySpan<byte> body)
    {
        Span<byte> payload = record[RecordLayout.HeaderBytes..];
        payload[0] = EntryKind;
        payload[1] = checked((byte)filterBytes);
        payload.Slice(2, 2).Clear();
        BinaryPrimitives.WriteInt64LittleEndian(payload[4..], place.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(payload[12..], place.StoredAt);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[20..], sourceId);
        BinaryPrimitives.WriteInt32LittleEndian(payload[28..], encoded.Length - filterBytes);
        encoded.CopyTo(payload[EntryFixedBytes..]);
        body.CopyTo(payload[(EntryFixedBytes + encoded.Length)..]);
        RecordLayout.Close(record, seed);
    }

    public static void WriteSummary(Span<byte> record, uint seed, in StreamExtent extent, IReadOnlyList<StreamPlace> places)
    {
        Span<byte> payload = record[RecordLayout.HeaderBytes..];
        payload[..4].Clear();
        payload[0] = SummaryKind;
        BinaryPrimitives.WriteInt64LittleEndian(payload[4..], extent.First);
        BinaryPrimitives.WriteInt64LittleEndian(payload[12..], extent.Next);
        BinaryPrimitives.WriteInt64LittleEndian(payload[20..], extent.FirstAt);
        BinaryPrimitives.WriteInt64LittleEndian(payload[28..], extent.LastAt);
        BinaryPrimitives.WriteInt32LittleEndian(payload[36..], places.Count);
        Span<byte> rest = payload[SummaryFixedBytes..];
        foreach (StreamPlace place in places)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, place.Offset);
            BinaryPrimitives.WriteInt64LittleEndian(rest[8..], place.StoredAt);
            BinaryPrimitives.WriteInt64LittleEndian(rest[16..], place.Position);
            rest = rest[PlaceBytes..];
        }

        BinaryPrimitives.WriteInt32LittleEndian(rest, record.Length);
        RecordLayout.Close(record, seed);
    }

    /// <summary>Reads the summary off the end of a file; false when there is none, or it is not whole.</summary>
    public static bool TryReadSummary(Segment file, out StreamExtent extent, out List<StreamPlace> places)
    {
        extent = default;
        places = [];
        long length = file.File.Length;
        Span<byte> tail = stackalloc byte[SizeBytes + RecordLayout.EndBytes];
        if (length < Segment.HeaderBytes + SummaryBytes(0) + RecordLayout.EndBytes || file.File.Read(tail, length - tail.Length) < tail.Length) return false;
        if (RecordReader.Read(tail[SizeBytes..], file.Seed, out _) != RecordStatus.Whole
            || tail[SizeBytes + RecordLayout.HeaderBytes] != (byte)RecordKind.End) return false;
        int size = BinaryPrimitives.ReadInt32LittleEndian(tail);
        long position = length - RecordLayout.EndBytes - size;
        if (size < SummaryBytes(0) || position < Segment.HeaderBytes) return false;

        byte[] record = new byte[size];
        if (file.File.Read(record, position) < size || RecordReader.Read(record, file.Seed, out int whole) != RecordStatus.Whole || whole != size) return false;
        ReadOnlySpan<byte> payload = record.AsSpan(RecordLayout.HeaderBytes);
        int count = payload[0] == SummaryKind ? BinaryPrimitives.ReadInt32LittleEndian(payload[36..]) : -1;
        if (count < 0 || size != SummaryBytes(count)) return false;
        extent = new StreamExtent(
            BinaryPrimitives.ReadInt64LittleEndian(payload[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(payload[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(payload[20..]),
            BinaryPrimitives.ReadInt64LittleEndian(payload[28..]));
        places.EnsureCapacity(count);
        for (ReadOnlySpan<byte> rest = payload[SummaryFixedBytes..^SizeBytes]; !rest.IsEmpty; rest = rest[PlaceBytes..])
            places.Add(new StreamPlace(
                BinaryPrimitives.ReadInt64LittleEndian(rest),
                BinaryPrimitives.ReadInt64LittleEndian(rest[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(rest[16..])));
        return true;
    }
}
