using System.Globalization;

namespace Quintet.Broker.Storage.Segments;

/// <summary>The name of a log file: what it holds and its number in ten digits, so that names sort as numbers do.</summary>
internal readonly record struct SegmentName(string Prefix, uint Number)
{
    public const string Messages = "messages-";
    public const string Definitions = "definitions-";
    private const string Suffix = ".log";

    public override string ToString() => Prefix + Number.ToString("D10", CultureInfo.InvariantCulture) + Suffix;

    /// <summary>The segments of that kind in the folder in their order; what was never finished is removed.</summary>
    public static List<SegmentName> List(Disks.Disk disk, string prefix)
    {
        List<SegmentName> found = [];
        foreach (string name in disk.List())
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            if (name.EndsWith(Segment.TemporarySuffix, StringComparison.Ordinal))
                disk.Delete(name);
            else if (TryParse(name, prefix, out SegmentName segment))
                found.Add(segment);
        }

        found.Sort((left, right) => left.Number.CompareTo(right.Number));
        return found;
    }

    private static bool TryParse(string name, string prefix, out SegmentName segment)
    {
        int digits = Math.Max(0, name.Length - prefix.Length - Suffix.Length);
        bool isNumber = uint.TryParse(name.AsSpan(prefix.Length, digits), NumberStyles.None, CultureInfo.InvariantCulture, out uint number);
        segment = new SegmentName(prefix, number);
        return isNumber && segment.ToString() == name;
    }
}
