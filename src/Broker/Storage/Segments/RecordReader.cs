// Reads the records laid out in RecordLayout.cs out of memory.

using System.Buffers.Binary;

namespace Quintet.Broker.Storage.Segments;

internal enum RecordStatus
{
    Whole,

    /// <summary>The buffer ends inside the record; more bytes decide.</summary>
    Cut,

    /// <summary>Not a record: zeroes, rubbish, or a record that was changed.</summary>
    Invalid,
}

/// <summary>Takes one record after the other from a buffer.</summary>
internal static class RecordReader
{
    /// <summary>Longer payloads are rubbish: the largest record is a message, and an array holds no more.</summary>
    public const int PayloadBytesMax = 0x7fff_0000;

    /// <summary>The record at the start of <paramref name="data"/>. <paramref name="size"/> is its whole size, also when it is cut and at least the header is
    /// there.</summary>
    public static RecordStatus Read(ReadOnlySpan<byte> data, uint seed, out int size)
    {
        size = 0;
        if (data.Length < RecordLayout.HeaderBytes)
            return RecordStatus.Cut;
        int length = BinaryPrimitives.ReadInt32LittleEndian(data);
        if (length is <= 0 or > PayloadBytesMax)
            return RecordStatus.Invalid;
        size = RecordLayout.HeaderBytes + length;
        if (data.Length < size)
            return RecordStatus.Cut;
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
        return RecordLayout.Checksum(data[..size], seed) == expected ? RecordStatus.Whole : RecordStatus.Invalid;
    }

    /// <summary>Looks for a mark after damage: whoever wrote it knew that all before it was synced. The salt, unknown outside, keeps a message body
    /// from passing for one.</summary>
    public static int FindMark(ReadOnlySpan<byte> data, Segment segment, long dataOffset)
    {
        Span<byte> salt = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(salt, segment.Salt);
        for (int from = 0; ;)
        {
            int found = data[from..].IndexOf(salt);
            if (found < 0)
                return -1;
            int start = from + found - RecordLayout.MarkSaltOffset;
            if (start >= 0 && IsMark(data[start..], segment, dataOffset + start))
                return start;
            from += found + 1;
        }
    }

    private static bool IsMark(ReadOnlySpan<byte> data, Segment segment, long offset) =>
        Read(data, segment.Seed, out int size) == RecordStatus.Whole
        && size == RecordLayout.MarkBytes
        && data[RecordLayout.HeaderBytes] == (byte)RecordKind.Mark
        && Mark.Read(data[RecordLayout.HeaderBytes..]).Offset == offset;
}
