namespace Quintet.Broker.Storage.Streams;

/// <summary>What of a stream is kept. Whole files go, the oldest first, and the last one stays.</summary>
/// <param name="AgeMax">Files whose last message is older go; null keeps them.</param>
/// <param name="BytesMax">The oldest go while there are more bytes; null keeps them.</param>
/// <param name="FileBytes">A file is ended and another begun at this size.</param>
internal sealed record StreamRetention(TimeSpan? AgeMax, long? BytesMax, long FileBytes)
{
    // A file that spans a quarter of the time, or holds a quarter of the bytes, makes what is kept at most a quarter too much.
    private const int FilesPerLimit = 4;
    private const long FileBytesMin = 64 * 1024;

    /// <param name="declared">x-stream-max-segment-size-bytes, null where nothing was said.</param>
    /// <param name="usual">Where nothing was said.</param>
    /// <param name="bytesMax">x-max-length-bytes.</param>
    public static long FileBytesOf(long? declared, long usual, long? bytesMax) =>
        declared ?? (bytesMax is { } most ? Math.Clamp(most / FilesPerLimit, Math.Min(FileBytesMin, usual), usual) : usual);

    /// <summary>Whether a file is to be ended for its age, so that it can go in time though hardly anything is published.</summary>
    public bool IsOld(in StreamExtent extent, long nowMs) =>
        AgeMax is { } age && extent.Count > 0 && nowMs - extent.FirstAt > age.TotalMilliseconds / FilesPerLimit;

    /// <summary>Whether a file behind which there is another may go.</summary>
    public bool IsOver(in StreamExtent extent, long bytesInAll, long nowMs) =>
        extent.Count == 0
        || (AgeMax is { } age && nowMs - extent.LastAt > age.TotalMilliseconds)
        || (BytesMax is { } most && bytesInAll > most);
}
