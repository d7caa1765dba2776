using System.Text.Json.Serialization;

namespace Quintet.Console.Telemetry.Queries;

/// <summary>Which log records are asked for. What is null does not matter.</summary>
internal sealed record LogFilter(TimeRange Range)
{
    public string? Service { get; init; }

    public string? Instance { get; init; }

    /// <summary>OpenTelemetry's number: 1 trace, 5 debug, 9 information, 13 warning, 17 error, 21 fatal.</summary>
    public int? MinSeverity { get; init; }

    /// <summary>Words that stand in the body or in the attributes.</summary>
    public string? Text { get; init; }

    /// <summary>32 hexadecimal digits.</summary>
    public string? TraceId { get; init; }

    /// <summary>The <see cref="LogPage.Next"/> of the page before.</summary>
    public string? Cursor { get; init; }

    public int Limit { get; init; } = 100;
}

/// <summary>A page of log records, the newest first; <paramref name="Next"/> is null on the last one.</summary>
internal sealed record LogPage(IReadOnlyList<LogEntry> Logs, string? Next);

/// <summary>A log record. Attributes are JSON.</summary>
public sealed record LogEntry(
    DateTimeOffset Time,
    int Severity,
    string Service,
    string Instance,
    string Scope,
    string? Event,
    string Body,
    string? TraceId,
    string? SpanId,
    [property: JsonConverter(typeof(RawJson))] string Attributes);
