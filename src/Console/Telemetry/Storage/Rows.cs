namespace Quintet.Console.Telemetry.Storage;

/// <summary>Who sent it. Attributes are JSON, without those that have a column.</summary>
internal sealed record ResourceRow(string Service, string Instance, string Version, string Attributes);

/// <summary>A span. Times are nanoseconds; attributes, events and links are JSON.</summary>
internal sealed record SpanRow(
    ResourceRow Resource,
    byte[] TraceId,
    byte[] SpanId,
    byte[]? ParentId,
    string Name,
    int Kind,
    long Start,
    long Duration,
    int Status,
    string? Message,
    string Scope,
    string Attributes,
    string? Events,
    string? Links,
    int? HttpStatus)
{
    public const int StatusError = 2;

    public bool IsError => Status == StatusError;
}

/// <summary>A log record.</summary>
internal sealed record LogRow(
    ResourceRow Resource, long Time, int Severity, string Scope, string? Event, string Body, byte[]? TraceId, byte[]? SpanId, string Attributes);

/// <summary>A stop on the way of an event: a log record whose event name is <c>quintet.hop</c>.</summary>
internal sealed record HopRow(
    long Time,
    byte[]? TraceId,
    string? Event,
    string? Subject,
    string? AddressHash,
    string Stage,
    string Part,
    string Instance,
    string? Outcome,
    long Duration,
    string Detail)
{
    /// <summary>The stage of a mail that was handed over, which has no span of its own.</summary>
    public const string Mail = "mail";

    public const string Failed = "failed";
}

/// <summary>What a series is of.</summary>
internal enum SeriesKind
{
    /// <summary>The last value counts.</summary>
    Gauge,

    /// <summary>Only grows; its rate counts.</summary>
    Counter,

    /// <summary>Counts in buckets between bounds.</summary>
    Histogram,
}

/// <summary>A point of a series as it was sent.</summary>
/// <param name="Resource">Who sent it.</param>
/// <param name="Scope">The meter.</param>
/// <param name="Name">The instrument.</param>
/// <param name="Kind">What the series is of.</param>
/// <param name="Unit">As sent.</param>
/// <param name="Attributes">JSON, sorted by key.</param>
/// <param name="IsCumulative">Counted since <paramref name="Start"/>, rather than since the point before.</param>
/// <param name="Start">Nanoseconds; 0 when it is not known.</param>
/// <param name="Time">Nanoseconds.</param>
/// <param name="Value">The value, or the sum of a histogram.</param>
/// <param name="Count">Of a histogram.</param>
/// <param name="Bounds">The upper bounds of all buckets but the last, which has none.</param>
/// <param name="Buckets">One more than bounds.</param>
internal sealed record PointRow(
    ResourceRow Resource,
    string Scope,
    string Name,
    SeriesKind Kind,
    string Unit,
    string Attributes,
    bool IsCumulative,
    long Start,
    long Time,
    double Value,
    long Count,
    double[]? Bounds,
    long[]? Buckets);
