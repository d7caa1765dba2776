using System.ComponentModel.DataAnnotations;

namespace Quintet.Broker.Storage;

/// <summary>When a message counts as stored.</summary>
internal enum Durability
{
    /// <summary>After fdatasync: survives the loss of power.</summary>
    Fsync,

    /// <summary>After write: survives the death of the process, not of the machine.</summary>
    Os,
}

/// <summary>Limits of the message log. None is reloadable.</summary>
internal sealed class StorageOptions
{
    /// <summary>When a confirm is sent. Default <see cref="Durability.Fsync"/>: a confirm is a promise, and one sync serves everybody who waits.</summary>
    public Durability Durability { get; set; } = Durability.Fsync;

    /// <summary>Size of a segment file in bytes; the unit in which space is given back. Default 16 MiB, the size of RabbitMQ's message store files.
    /// A message larger than a segment gets a segment of its own.</summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public int SegmentBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>The largest envelope and body together, in bytes. Default 17 MiB: RabbitMQ 4's message limit of 16 MiB and room for properties.</summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int MessageBytesMax { get; set; } = 17 * 1024 * 1024;

    /// <summary>Memory in bytes for messages that were just written or just read. Default 16 MiB, some fifty thousand small messages: a consumer
    /// that keeps up is served from memory, one that does not reads from the disk.</summary>
    [Range(1024 * 1024, long.MaxValue)]
    public long CacheBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Bytes that may wait to be written before publishers are held back. Default 16 MiB, some tens of milliseconds of a slow disk.</summary>
    [Range(1024 * 1024, long.MaxValue)]
    public long PendingBytesMax { get; set; } = 16 * 1024 * 1024;

    /// <summary>How long a settled message or a delivery count may wait in memory for company when nobody waits for a confirm. Default 10 ms.
    /// A crash within it means a redelivery, which at-least-once allows.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan SettleDelay { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Free bytes of the disk below which publishers are blocked. Default 50 MB, RabbitMQ's disk_free_limit.</summary>
    [Range(0, long.MaxValue)]
    public long FreeBytesMin { get; set; } = 50_000_000;

    /// <summary>How often a full disk is asked again, and free space is measured. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan SpaceCheckInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of settled messages on disk below which compaction does not start. Default 64 MiB, four segments.</summary>
    [Range(0, long.MaxValue)]
    public long CompactionBytesMin { get; set; } = 64 * 1024 * 1024;

    /// <summary>Compaction starts when settled bytes exceed this share of the live bytes. Default 1.0: the disk holds at most about twice the
    /// backlog.</summary>
    [Range(0.1, 10)]
    public double CompactionRatio { get; set; } = 1.0;

    /// <summary>Size of a file of a stream in bytes, unless x-stream-max-segment-size-bytes says otherwise; retention drops whole files. Default
    /// 64 MiB: RabbitMQ's are 500 MB, and give their space back as late. With x-max-length-bytes it is at most a quarter of that.</summary>
    [Range(4096, 4L * 1024 * 1024 * 1024)]
    public long StreamFileBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Bytes a consumer of a stream reads from the file at once, and the memory it takes while it reads. Default 64 KiB, a few hundred small
    /// messages.</summary>
    [Range(4096, 16 * 1024 * 1024)]
    public int StreamReadAheadBytes { get; set; } = 64 * 1024;

    /// <summary>Goes on past damage in the middle of the log instead of refusing to start; what was skipped is in the recovery report. Default false:
    /// confirmed messages are only given up by somebody's decision.</summary>
    public bool SkipDamaged { get; set; }
}
