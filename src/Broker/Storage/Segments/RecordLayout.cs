// A record, all numbers little-endian:
//
//    0  4  length of the payload (n)
//    4  4  CRC-32C over the salt of the segment, the length and the payload
//    8  n  payload; its first byte is the kind
//
// Message (1), a new message            Carried (2), a message moved by compaction
//    0  1  kind                            the same fields; first id and settles are 0
//    1  1  priority
//    2  2  copies (c)
//    4  8  id of the first copy
//   12  8  enqueued at, ms
//   20  8  expires at, ms
//   28  8  id of a copy this message settles (dead-lettering), or 0
//   36  4  length of the envelope (e)
//   40 4c  queue of each copy             16c  id 8, queue 4, delivery count 2, unused 2 of each copy
//       e  envelope
//       …  body
//
// Settled (3)                            Delivered (4)
//    0  1  kind                             0  1  kind
//    1  3  unused                           1  3  unused
//    4 12… first id 8, count 4              4 12… id 8, delivery count 4
//
// Mark (5), opens a batch                End (6), nothing follows in this segment
//    0  1  kind                             0  1  kind
//    1  1  1: all before it was synced      1  3  unused
//    2  2  unused
//    4  8  salt of the segment
//   12  8  number of the batch
//   20  8  offset of this record
//   28  8  no id so far is this high
//
// Put (7), Removed (8): a definition
//    0  1  kind
//    1  3  unused
//    4  4  length of the key (k)
//    8  k  key, UTF-8
//       …  value; nothing when removed
//
// docs/design/storage-format.md says how they are appended and read back.

using System.Buffers;
using System.Buffers.Binary;

namespace Quintet.Broker.Storage.Segments;

internal enum RecordKind : byte
{
    Message = 1,
    Carried = 2,
    Settled = 3,
    Delivered = 4,
    Mark = 5,
    End = 6,
    Put = 7,
    Removed = 8,
}

/// <summary>Where the fields of a record are, and how its checksum is made.</summary>
internal static class RecordLayout
{
    public const int HeaderBytes = 8;
    public const int MessageFixedBytes = 40;
    public const int QueueBytes = 4;
    public const int CarriedCopyBytes = 16;
    public const int EntriesOffset = 4;
    public const int DefinitionFixedBytes = 8;
    public const int EntryBytes = 12;
    public const int MarkBytes = HeaderBytes + 36;
    public const int EndBytes = HeaderBytes + 4;
    public const int MarkSaltOffset = HeaderBytes + 4;

    public static int MessageBytes(int copies, int envelopeBytes, long bodyBytes) =>
        checked((int)(HeaderBytes + MessageFixedBytes + QueueBytes * copies + envelopeBytes + bodyBytes));

    public static int CarriedBytes(int copies, int contentBytes) =>
        HeaderBytes + MessageFixedBytes + CarriedCopyBytes * copies + contentBytes;

    public static int EntriesBytes(int count) => HeaderBytes + EntriesOffset + EntryBytes * count;

    /// <summary>Writes length and checksum around a payload that is already in place.</summary>
    public static void Close(Span<byte> record, uint seed)
    {
        BinaryPrimitives.WriteInt32LittleEndian(record, record.Length - HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Checksum(record, seed));
    }

    public static uint Checksum(ReadOnlySpan<byte> record, uint seed) =>
        Crc32C.Update(Crc32C.Update(seed, record[..4]), record[HeaderBytes..]);

    public static void WriteMessage(Span<byte> record, uint seed, in NewMessage message, (ulong FirstId, ulong Settles) ids)
    {
        Span<byte> payload = record[HeaderBytes..];
        WriteFixed(payload, RecordKind.Message, message.Stamp, message.Queues.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[4..], ids.FirstId);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[28..], ids.Settles);
        BinaryPrimitives.WriteInt32LittleEndian(payload[36..], message.Envelope.Length);
        Span<byte> rest = payload[MessageFixedBytes..];
        foreach (QueueId queue in message.Queues)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, queue.Value);
            rest = rest[QueueBytes..];
        }

        message.Envelope.CopyTo(rest);
        message.Body.CopyTo(rest[message.Envelope.Length..]);
        Close(record, seed);
    }

    public static void WriteCarried(Span<byte> record, uint seed, in MessageView original, ReadOnlySpan<CarriedCopy> copies)
    {
        Span<byte> payload = record[HeaderBytes..];
        WriteFixed(payload, RecordKind.Carried, original.Stamp, copies.Length);
        payload.Slice(4, 8).Clear();
        payload.Slice(28, 8).Clear();
        BinaryPrimitives.WriteInt32LittleEndian(payload[36..], original.EnvelopeBytes);
        Span<byte> rest = payload[MessageFixedBytes..];
        foreach (CarriedCopy copy in copies)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, copy.Id);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[8..], copy.Queue.Value);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[12..], copy.DeliveryCount);
            rest = rest[CarriedCopyBytes..];
        }

        original.Content.CopyTo(rest);
        Close(record, seed);
    }

    public static void WriteMark(Span<byte> record, Segment segment, in Mark mark)
    {
        Span<byte> payload = record[HeaderBytes..];
        payload[..4].Clear();
        payload[0] = (byte)RecordKind.Mark;
        payload[1] = mark.IsAllBeforeSynced ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt64LittleEndian(payload[4..], segment.Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[12..], mark.Batch);
        BinaryPrimitives.WriteInt64LittleEndian(payload[20..], mark.Offset);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[28..], mark.NextId);
        Close(record, segment.Seed);
    }

    public static void WriteEnd(Span<byte> record, uint seed)
    {
        record.Slice(HeaderBytes, 4).Clear();
        record[HeaderBytes] = (byte)RecordKind.End;
        Close(record, seed);
    }

    /// <summary>The head of a Settled or Delivered record; the entries follow by <see cref="WriteEntry"/>, then <see cref="Close"/>.</summary>
    public static void WriteEntriesHead(Span<byte> record, RecordKind kind)
    {
        record.Slice(HeaderBytes, EntriesOffset).Clear();
        record[HeaderBytes] = (byte)kind;
    }

    public static void WriteEntry(Span<byte> record, int index, ulong id, uint number)
    {
        Span<byte> entry = record.Slice(HeaderBytes + EntriesOffset + index * EntryBytes, EntryBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(entry, id);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], number);
    }

    private static void WriteFixed(Span<byte> payload, RecordKind kind, MessageStamp stamp, int copies)
    {
        payload[0] = (byte)kind;
        payload[1] = stamp.Priority;
        BinaryPrimitives.WriteUInt16LittleEndian(payload[2..], checked((ushort)copies));
        BinaryPrimitives.WriteInt64LittleEndian(payload[12..], stamp.EnqueuedAt);
        BinaryPrimitives.WriteInt64LittleEndian(payload[20..], stamp.ExpiresAt);
    }
}

/// <summary>What opens a batch: proof, for recovery, of what was synced before it.</summary>
internal readonly record struct Mark(ulong Batch, long Offset, ulong NextId, bool IsAllBeforeSynced)
{
    public static Mark Read(ReadOnlySpan<byte> payload) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(payload[12..]),
        BinaryPrimitives.ReadInt64LittleEndian(payload[20..]),
        BinaryPrimitives.ReadUInt64LittleEndian(payload[28..]),
        payload[1] == 1);
}

/// <summary>One copy of a message that compaction moves.</summary>
internal readonly record struct CarriedCopy(ulong Id, QueueId Queue, ushort DeliveryCount);
