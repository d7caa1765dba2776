using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Reading;

/// <summary>What one request brings to the store.</summary>
internal sealed class Batch
{
    public List<SpanRow> Spans { get; } = [];

    public List<LogRow> Logs { get; } = [];

    public List<HopRow> Hops { get; } = [];

    public List<PointRow> Points { get; } = [];

    /// <summary>Items that cannot be stored.</summary>
    public long Rejected { get; private set; }

    /// <summary>Why the last of them cannot.</summary>
    public string Reason { get; private set; } = "";

    public void Reject(string reason, long items = 1)
    {
        Rejected += items;
        Reason = reason;
    }
}
