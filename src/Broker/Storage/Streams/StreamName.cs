using System.Globalization;
using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Storage.Segments;

namespace Quintet.Broker.Storage.Streams;

/// <summary>How the files of a stream are called: <c>stream-</c>, the id of its queue, and the number of the file, each in ten digits.</summary>
internal static class StreamName
{
    private const string Prefix = "stream-";
    private const int Digits = 10;

    public static SegmentName Of(QueueId stream, uint number) => new(PrefixOf(stream), number);

    /// <summary>All files of streams in their order, by stream; what was never finished is removed.</summary>
    public static Dictionary<QueueId, List<SegmentName>> List(Disk disk)
    {
        HashSet<QueueId> streams = [];
        foreach (string name in disk.List())
            if (name.StartsWith(Prefix, StringComparison.Ordinal) && name.Length > Prefix.Length + Digits
                && uint.TryParse(name.AsSpan(Prefix.Length, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
                streams.Add(new QueueId(id));
        return streams.ToDictionary(stream => stream, stream => SegmentName.List(disk, PrefixOf(stream)));
    }

    private static string PrefixOf(QueueId stream) => $"{Prefix}{stream.Value.ToString("D10", CultureInfo.InvariantCulture)}-";
}
