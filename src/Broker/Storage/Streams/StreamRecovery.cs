// Reads back the files laid out in StreamRecordLayout.cs.

using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Streams;

/// <summary>
/// Finds the files of a stream at start:
/// 1. a file that was ended is known by the summary at its end, and not read through;
/// 2. the last one, when it was not ended, is read: where it breaks off, a mark further on proves damage, which is refused; else it is the batch
///    that was being written, whose messages are still in the message log: it is cut off;
/// 3. that file is ended. Nothing is ever appended to an old one.
/// </summary>
internal sealed class StreamRecovery(Disk disk, StorageOptions options)
{
    /// <summary>Bytes of batches that were only half on disk.</summary>
    public long TornBytes { get; private set; }

    /// <summary>Damage passed over because <see cref="StorageOptions.SkipDamaged"/> is set.</summary>
    public List<StorageDamagedException> Skipped { get; } = [];

    /// <exception cref="StorageDamagedException">What had been synced cannot be read.</exception>
    public List<StreamFile> Run(List<SegmentName> names)
    {
        List<StreamFile> files = [];
        StreamExtent before = default;
        for (int index = 0; index < names.Count; index++)
        {
            Segment segment = Segment.Open(disk, names[index], out ulong first);
            using DiskFile file = segment.File;
            StreamExtent start = new((long)first, (long)first, before.LastAt, before.LastAt);
            if (!StreamRecordLayout.TryReadSummary(segment, out StreamExtent extent, out _))
                extent = ReadThrough(segment, start, isLast: index == names.Count - 1);
            if (extent.Count == 0) extent = start;
            if (index > 0 && extent.First != before.Next)
                Refuse(new StorageDamagedException(PathOf(segment), 0, $"it begins with offset {extent.First}, the file before ends with {before.Next - 1}"));
            files.Add(StreamFile.Found(disk, names[index], extent, file.Length));
            before = extent;
        }

        return files;
    }

    /// <summary>Those of the ids in the message log that the file has; they were moved, and the crash came before that was noted.</summary>
    public static HashSet<ulong> FindMoved(StreamFile file, HashSet<ulong> ids)
    {
        HashSet<ulong> moved = [];
        if (file.Lease() is not { } segment) return moved;
        try
        {
            SegmentReader reader = new(segment);
            while (reader.TryNext(out ReadOnlySpan<byte> payload))
                if (StreamEntry.TryCreate(payload, out StreamEntry entry) && ids.Contains(entry.SourceId)) moved.Add(entry.SourceId);
        }
        finally
        {
            file.Release();
        }

        return moved;
    }

    private StreamExtent ReadThrough(Segment segment, StreamExtent extent, bool isLast)
    {
        List<StreamPlace> places = [];
        long lastPlace = Segment.HeaderBytes;
        SegmentReader reader = new(segment);
        while (true)
        {
            while (reader.TryNext(out ReadOnlySpan<byte> payload))
            {
                if (!StreamEntry.TryCreate(payload, out StreamEntry entry)) continue;
                if (StreamFile.IsPlace(lastPlace, reader.Offset))
                {
                    places.Add(new StreamPlace(entry.Offset, entry.StoredAt, reader.Offset));
                    lastPlace = reader.Offset;
                }

                extent = (extent.Count == 0 ? extent : extent with { Next = entry.Offset }).With(entry.StoredAt);
            }

            if (reader.End == ReadEnd.Ended) break;
            long mark = reader.FindLaterMark(out long lastUsed);
            if (mark < 0 && isLast)
            {
                TornBytes += lastUsed - reader.Position;
                break;
            }

            Refuse(new StorageDamagedException(PathOf(segment), reader.Position, reader.Reason));
            if (mark < 0) return extent; // left as it is; readers pass over what they cannot read
            reader.SkipTo(mark);
        }

        End(segment, reader, (extent, places));
        return extent;
    }

    private static void End(Segment segment, SegmentReader reader, (StreamExtent Extent, List<StreamPlace> Places) found)
    {
        long position = reader.End == ReadEnd.Ended ? reader.Offset : reader.Position;
        int size = StreamRecordLayout.SummaryBytes(found.Places.Count);
        byte[] end = new byte[size + RecordLayout.EndBytes];
        StreamRecordLayout.WriteSummary(end.AsSpan(0, size), segment.Seed, found.Extent, found.Places);
        RecordLayout.WriteEnd(end.AsSpan(size), segment.Seed);
        // Shorter first: were the end torn, it would be cut off the same way.
        segment.File.Truncate(position);
        segment.File.Write([end], position);
        segment.File.SyncData();
    }

    private void Refuse(StorageDamagedException damage)
    {
        if (!options.SkipDamaged) throw damage;
        Skipped.Add(damage);
    }

    private string PathOf(Segment segment) => Path.Combine(disk.Folder, segment.Name);
}
