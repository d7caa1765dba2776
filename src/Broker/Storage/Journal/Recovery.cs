// Reads back the files laid out in Segment.cs and RecordLayout.cs.

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Journal;

/// <summary>
/// Makes memory agree with the disk at start:
/// 1. remove what was never finished (*.tmp);
/// 2. replay every segment in order of its number;
/// 3. where a segment breaks off, decide: something synced later proves damage, which is refused; else it is the batch that was being written
///    when the machine stopped, which nobody was told about, and it is cut off;
/// 4. sort and hand out what the queues still hold;
/// 5. begin a new segment.
/// </summary>
internal sealed class Recovery(Disk disk, StorageOptions options)
{
    private readonly LiveMessages _live = new();
    private readonly Dictionary<QueueId, List<RecoveredMessage>> _queues = [];
    private readonly List<StorageDamagedException> _skipped = [];
    private ulong _nextId = 1;
    private long _bytesRead;
    private long _tornBytes;

    public RecoveredLog Run()
    {
        List<Segment> segments = OpenAll();
        uint last = segments.Count == 0 ? 0 : segments[^1].Number;
        int withRecords = segments.FindLastIndex(segment => new SegmentReader(segment).TryNext(out _));
        for (int index = 0; index < segments.Count; index++)
            Replay(segments[index], isFollowed: index < withRecords);

        foreach ((QueueId queue, List<RecoveredMessage> messages) in _queues)
        {
            KeepHeld(messages);
            if (messages.Count == 0)
                _queues.Remove(queue);
        }

        Segment active = Segment.Create(disk, new SegmentName(SegmentName.Messages, last + 1), options.SegmentBytes, _nextId);
        _live.AddSegment(active);
        return new RecoveredLog
        {
            Live = _live,
            NextId = _nextId,
            Active = active,
            Queues = _queues,
            Report = new RecoveryReport
            {
                Segments = segments.Count,
                Messages = _live.Index.Count,
                BytesRead = _bytesRead,
                TornBytes = _tornBytes,
                Skipped = _skipped,
            },
        };
    }

    private List<Segment> OpenAll()
    {
        List<Segment> segments = [];
        foreach (SegmentName name in SegmentName.List(disk, SegmentName.Messages))
        {
            segments.Add(Segment.Open(disk, name, out ulong nextId));
            _nextId = Math.Max(_nextId, nextId);
        }

        return segments;
    }

    private void Replay(Segment segment, bool isFollowed)
    {
        _live.AddSegment(segment);
        SegmentReader reader = new(segment);
        while (true)
        {
            while (reader.TryNext(out ReadOnlySpan<byte> payload))
                Apply(segment, reader, payload);
            if (reader.End == ReadEnd.Ended)
                break;
            long mark = reader.FindLaterMark(out long lastUsed);
            if (mark < 0 && !isFollowed)
            {
                CutOff(segment, reader, lastUsed);
                break;
            }

            StorageDamagedException damage = new(Path.Combine(disk.Folder, segment.Name), reader.Position, reader.Reason);
            if (!options.SkipDamaged)
                throw damage;
            _skipped.Add(damage);
            if (mark < 0)
                break;
            reader.SkipTo(mark);
        }

        _bytesRead += reader.Position;
        segment.Position = segment.WrittenTo = segment.EndsAt = reader.Position;
        segment.IsSealed = true;
    }

    /// <summary>Ends the segment behind its last whole record, so that the next recovery does not have to decide again.</summary>
    private void CutOff(Segment segment, SegmentReader reader, long lastUsed)
    {
        _tornBytes += lastUsed - reader.Position;
        byte[] end = new byte[RecordLayout.EndBytes];
        RecordLayout.WriteEnd(end, segment.Seed);
        // Shorter first: were the end record torn, it would be cut off the same way.
        segment.File.Truncate(reader.Position);
        segment.File.Write([end], reader.Position);
        segment.File.SyncData();
        reader.SkipTo(reader.Position + end.Length);
    }

    private void Apply(Segment segment, SegmentReader reader, ReadOnlySpan<byte> payload)
    {
        switch ((RecordKind)payload[0])
        {
            case RecordKind.Message or RecordKind.Carried when MessageView.TryCreate(payload, out MessageView message):
                ApplyMessage(segment, (reader.Offset, reader.Position), message);
                break;
            case RecordKind.Settled when IsTable(payload):
                ApplySettled(segment, payload[RecordLayout.EntriesOffset..]);
                segment.NoteBytes += RecordLayout.HeaderBytes + payload.Length;
                break;
            case RecordKind.Delivered when IsTable(payload):
                ApplyDelivered(segment, payload[RecordLayout.EntriesOffset..]);
                segment.NoteBytes += RecordLayout.HeaderBytes + payload.Length;
                break;
            case RecordKind.Mark when payload.Length == RecordLayout.MarkBytes - RecordLayout.HeaderBytes:
                _nextId = Math.Max(_nextId, Mark.Read(payload).NextId);
                break;
            case RecordKind.End:
                break;
            default:
                // Its checksum is right, so it was written like this: by a later version, most likely.
                throw new StorageDamagedException(
                    Path.Combine(disk.Folder, segment.Name), reader.Offset, $"a record of unknown kind {payload[0]} or wrong shape");
        }
    }

    private void ApplyMessage(Segment segment, (long Start, long End) place, in MessageView message)
    {
        for (int index = 0; index < message.Copies; index++)
        {
            CarriedCopy copy = message.Copy(index);
            IndexEntry entry = new()
            {
                Segment = segment.Number,
                Offset = (uint)place.Start,
                Size = (uint)(place.End - place.Start),
                Copies = (ushort)message.Copies,
                DeliveryCount = copy.DeliveryCount,
            };
            _nextId = Math.Max(_nextId, copy.Id + 1);
            // Compaction had moved it and died before it deleted the segment: the later place counts.
            if (_live.IsKnown(copy.Id))
            {
                _live.Move(copy.Id, segment, entry, 0);
                continue;
            }

            _live.Add(copy.Id, segment, entry);
            ref List<RecoveredMessage>? queue = ref CollectionsMarshal.GetValueRefOrAddDefault(_queues, copy.Queue, out _);
            queue ??= [];
            queue.Add(new RecoveredMessage(new MessageRef(copy.Id), message.Stamp, 0, message.EnvelopeBytes, message.BodyBytes));
        }

        if (message.Settles != 0)
            ApplySettled(segment, message.Settles, 1);
    }

    private void ApplySettled(Segment segment, ReadOnlySpan<byte> entries)
    {
        for (; !entries.IsEmpty; entries = entries[RecordLayout.EntryBytes..])
            ApplySettled(segment, BinaryPrimitives.ReadUInt64LittleEndian(entries), BinaryPrimitives.ReadUInt32LittleEndian(entries[8..]));
    }

    private void ApplySettled(Segment segment, ulong first, uint count)
    {
        ulong last = first + count - 1;
        segment.Noted = segment.Noted.With(first, last);
        _nextId = Math.Max(_nextId, last + 1);
        for (ulong id = first; id <= last; id++)
            _live.Settle(id, 0, out _);
    }

    private void ApplyDelivered(Segment segment, ReadOnlySpan<byte> entries)
    {
        for (; !entries.IsEmpty; entries = entries[RecordLayout.EntryBytes..])
        {
            ulong id = BinaryPrimitives.ReadUInt64LittleEndian(entries);
            segment.Noted = segment.Noted.With(id, id);
            if (_live.IsKnown(id))
                _live.Find(id).DeliveryCount = (ushort)BinaryPrimitives.ReadUInt32LittleEndian(entries[8..]);
        }
    }

    /// <summary>Takes out what is settled, in place: the list of a long queue is large.</summary>
    private void KeepHeld(List<RecoveredMessage> messages)
    {
        Span<RecoveredMessage> held = CollectionsMarshal.AsSpan(messages);
        int count = 0;
        bool isSorted = true;
        foreach (RecoveredMessage message in messages)
        {
            if (!_live.IsKnown(message.Ref.Id))
                continue;
            isSorted &= count == 0 || held[count - 1].Ref < message.Ref;
            held[count++] = message with { DeliveryCount = _live.Find(message.Ref.Id).DeliveryCount };
        }

        messages.RemoveRange(count, messages.Count - count);
        // Compaction writes old messages behind younger ones.
        if (!isSorted)
            messages.Sort((left, right) => left.Ref.CompareTo(right.Ref));
    }

    private static bool IsTable(ReadOnlySpan<byte> payload) =>
        payload.Length >= RecordLayout.EntriesOffset && (payload.Length - RecordLayout.EntriesOffset) % RecordLayout.EntryBytes == 0;
}
