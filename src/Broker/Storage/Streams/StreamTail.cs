using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Streams;

/// <summary>Where the writer is in one stream. Only the writer touches it.</summary>
internal sealed class StreamTail(uint nextNumber, StreamExtent before)
{
    /// <summary>The file being written and leased; null until the first message after the start, and after a file was ended.</summary>
    public StreamFile? File { get; private set; }

    public Segment? Segment { get; private set; }

    public uint NextNumber { get; private set; } = nextNumber;

    /// <summary>How far the file is written and synced.</summary>
    public long Position { get; set; }

    public long LastPlace { get; set; }

    public ulong Batch { get; set; }

    /// <summary>Of the file at hand.</summary>
    public StreamExtent Extent { get; set; } = before;

    /// <summary>The clock may be set back, the times of a stream are not.</summary>
    public long LastAt { get; set; } = before.LastAt;

    /// <summary>What is moved in this round.</summary>
    public List<StreamArrival> Arrivals { get; } = [];

    public void Begin(StreamFile file)
    {
        (File, Segment) = (file, file.Lease());
        file.Release(); // the lease of its making is the writer's; this one was to look
        NextNumber++;
        Extent = file.Extent;
        Position = LastPlace = Segment.HeaderBytes;
    }

    public void End()
    {
        File!.Release();
        (File, Segment) = (null, null);
    }
}
