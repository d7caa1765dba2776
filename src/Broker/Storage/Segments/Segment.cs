// messages-<number, ten digits>.log and definitions-<number>.log: a header of 64 bytes, then records (RecordLayout.cs), then zeroes or nothing.
//
//    0  8  "QNTLOG01"
//    8  8  salt, random
//   16  8  number of the segment
//   24  8  no id in an older segment is this high
//   32 28  unused
//   60  4  CRC-32C of the 60 bytes before

using System.Buffers.Binary;
using System.Security.Cryptography;
using Quintet.Broker.Storage.Disks;

namespace Quintet.Broker.Storage.Segments;

/// <summary>
/// One file of the log. Everything but <see cref="File"/> and what is set once at its making is guarded by the log's gate.
/// </summary>
internal sealed class Segment
{
    public const int HeaderBytes = 64;
    public const string TemporarySuffix = ".tmp";
    private static ReadOnlySpan<byte> Magic => "QNTLOG01"u8;

    private readonly List<Block> _blocks = [];

    private Segment(SegmentName name, ulong salt, DiskFile file)
    {
        Number = name.Number;
        Name = name.ToString();
        Salt = salt;
        File = file;
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, salt);
        Seed = Crc32C.Update(Crc32C.Start, bytes);
    }

    public uint Number { get; }

    public string Name { get; }

    /// <summary>Makes bytes left over from an earlier file, or sent by a peer, fail the checksum.</summary>
    public ulong Salt { get; }

    public uint Seed { get; }

    public DiskFile File { get; }

    /// <summary>Where the next record goes.</summary>
    public long Position { get; set; } = HeaderBytes;

    /// <summary>How far the file is written.</summary>
    public long WrittenTo { get; set; } = HeaderBytes;

    public long Capacity { get; private init; }

    /// <summary>Where the End record ends; 0 while the segment is being appended to.</summary>
    public long EndsAt { get; set; }

    /// <summary>Full, ended and synced: its bytes never change again.</summary>
    public bool IsSealed { get; set; }

    /// <summary>Copies of messages here that no queue has settled.</summary>
    public long LiveCopies { get; set; }

    public long LiveBytes { get; set; }

    /// <summary>The batch whose durability allows to delete this segment, once nothing in it is live.</summary>
    public ulong DeadSinceBatch { get; set; }

    /// <summary>The ids of the messages that lie here, dead or alive.</summary>
    public IdRange Messages { get; set; } = IdRange.None;

    /// <summary>The ids that notes here speak of: what is settled, and how often something was delivered.</summary>
    public IdRange Noted { get; set; } = IdRange.None;

    public long NoteBytes { get; set; }

    /// <summary>Compaction has written the notes again elsewhere.</summary>
    public bool AreNotesCarried { get; set; }

    /// <summary>Compaction could not read it: left alone.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>One reader at a time loads from this file: those behind it usually want the same block.</summary>
    public SemaphoreSlim Loading { get; } = new(1);

    /// <summary>Whether the segment holds nothing but its header and a mark, so that even an oversized record may go here.</summary>
    public bool IsFresh => Position <= HeaderBytes + RecordLayout.MarkBytes;

    /// <summary>Makes an empty segment, durable under its name.</summary>
    public static Segment Create(Disk disk, SegmentName name, long bytes, ulong nextId)
    {
        Segment segment = Begin(disk, name, bytes, nextId);
        try
        {
            segment.Publish(disk);
        }
        catch
        {
            segment.File.Dispose();
            throw;
        }

        return segment;
    }

    /// <summary>Begins a segment under a temporary name. It gets its own by <see cref="Publish"/>, so that a file of that name is complete.</summary>
    public static Segment Begin(Disk disk, SegmentName name, long bytes, ulong nextId)
    {
        byte[] header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        RandomNumberGenerator.Fill(header.AsSpan(8, 8));
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), name.Number);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(24), nextId);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(60), Crc32C.Update(Crc32C.Start, header.AsSpan(0, 60)));

        DiskFile file = disk.Create(name + TemporarySuffix, bytes);
        try
        {
            file.Write([header], 0);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return new Segment(name, BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(8)), file) { Capacity = bytes };
    }

    /// <summary>Makes what is in the file, and then its name, durable.</summary>
    public void Publish(Disk disk)
    {
        File.SyncData();
        disk.Rename(Name + TemporarySuffix, Name);
        disk.SyncFolder();
    }

    /// <summary>Opens a segment that is there; nothing is appended to it any more.</summary>
    public static Segment Open(Disk disk, SegmentName name, out ulong nextId)
    {
        DiskFile file = disk.Open(name.ToString());
        Span<byte> header = stackalloc byte[HeaderBytes];
        int count = file.Read(header, 0);
        bool isWhole = count == HeaderBytes
            && header[..8].SequenceEqual(Magic)
            && BinaryPrimitives.ReadUInt32LittleEndian(header[60..]) == Crc32C.Update(Crc32C.Start, header[..60])
            && BinaryPrimitives.ReadUInt64LittleEndian(header[16..]) == name.Number;
        if (!isWhole)
        {
            file.Dispose();
            throw new StorageDamagedException(Path.Combine(disk.Folder, name.ToString()), 0, "the header of the segment is not intact");
        }

        nextId = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        return new Segment(name, BinaryPrimitives.ReadUInt64LittleEndian(header[8..]), file);
    }

    /// <summary>The block in memory that holds the whole record, if any.</summary>
    public Block? FindBlock(long offset, int size)
    {
        int index = LastBlockAtOrBefore(offset);
        if (index < 0)
            return null;
        Block block = _blocks[index];
        return offset + size <= block.FileOffset + block.Filled ? block : null;
    }

    public void AddBlock(Block block) => _blocks.Insert(LastBlockAtOrBefore(block.FileOffset) + 1, block);

    public void RemoveBlock(Block block) => _blocks.Remove(block);

    public IReadOnlyList<Block> Blocks => _blocks;

    private int LastBlockAtOrBefore(long offset)
    {
        int low = 0;
        int high = _blocks.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            if (_blocks[middle].FileOffset <= offset)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return high;
    }
}

/// <summary>The lowest and the highest of some ids.</summary>
internal readonly record struct IdRange(ulong Lowest, ulong Highest)
{
    public static IdRange None => new(ulong.MaxValue, 0);

    public IdRange With(ulong first, ulong last) => new(Math.Min(Lowest, first), Math.Max(Highest, last));

    public bool Touches(ulong first, ulong last) => first <= Highest && last >= Lowest;

    public bool Touches(IdRange other) => Touches(other.Lowest, other.Highest);
}
