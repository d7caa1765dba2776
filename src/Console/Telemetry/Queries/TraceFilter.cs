using System.Text.Json.Serialization;

namespace Quintet.Console.Telemetry.Queries;

/// <summary>What comes first.</summary>
internal enum TraceOrder
{
    /// <summary>The latest begin.</summary>
    Newest,

    /// <summary>The longest duration.</summary>
    Slowest,

    /// <summary>Those with an error, the latest of them first.</summary>
    Errors,
}

/// <summary>Which traces are asked for. What is null does not matter.</summary>
internal sealed record TraceFilter(TimeRange Range)
{
    /// <summary>A service that has a span in it.</summary>
    public string? Service { get; init; }

    /// <summary>A part of the root's name, such as <c>POST /users</c>; upper and lower case are the same.</summary>
    public string? Name { get; init; }

    /// <summary>The HTTP status of the root.</summary>
    public int? Status { get; init; }

    /// <summary>Whether any of its spans failed.</summary>
    public bool? IsError { get; init; }

    public TimeSpan? MinDuration { get; init; }

    public TimeSpan? MaxDuration { get; init; }

    /// <summary>Words that stand anywhere in its spans. Traces are found by them when they have been quiet for a while.</summary>
    public string? Text { get; init; }

    /// <summary>
    /// Leaves out what a part of Quintet began on its own, such as a watch of the registry: most of what happens in a quiet system. What came
    /// in through the gateway stays.
    /// </summary>
    public bool WithoutParts { get; init; }

    public TraceOrder Order { get; init; }

    /// <summary>The <see cref="TracePage.Next"/> of the page before.</summary>
    public string? Cursor { get; init; }

    public int Limit { get; init; } = 50;
}

/// <summary>A page of traces; <paramref name="Next"/> is null on the last one.</summary>
internal sealed record TracePage(IReadOnlyList<TraceEntry> Traces, string? Next);

/// <summary>A trace in a list.</summary>
/// <param name="TraceId">32 hexadecimal digits.</param>
/// <param name="RootService">The service of the span it is named after.</param>
/// <param name="Name">The name of that span.</param>
/// <param name="Status">Its HTTP status, where it has one.</param>
/// <param name="Start">When the first span began.</param>
/// <param name="Duration">From the first begin to the last end, events after the answer included.</param>
/// <param name="RootDuration">Of the span it is named after: what the caller waited.</param>
/// <param name="HasRoot">False while the span without a parent has not come.</param>
/// <param name="IsError">Any span failed.</param>
/// <param name="Spans">How many have come.</param>
/// <param name="Errors">How many of them failed.</param>
/// <param name="Services">All that have a span in it, by name.</param>
internal sealed record TraceEntry(
    string TraceId,
    string RootService,
    string Name,
    int? Status,
    DateTimeOffset Start,
    TimeSpan Duration,
    TimeSpan RootDuration,
    bool HasRoot,
    bool IsError,
    int Spans,
    int Errors,
    IReadOnlyList<string> Services);

/// <summary>A trace with everything known of it.</summary>
/// <param name="Trace">As in a list.</param>
/// <param name="Spans">By their start.</param>
/// <param name="Logs">By their time.</param>
/// <param name="Hops">By their time.</param>
/// <param name="IsCut">There is more than <c>Limits:RowsMax</c> of something.</param>
internal sealed record TraceDetail(
    TraceEntry Trace, IReadOnlyList<SpanEntry> Spans, IReadOnlyList<LogEntry> Logs, IReadOnlyList<HopEntry> Hops, bool IsCut);

/// <summary>A span. Attributes, events and links are JSON; an event has <c>time</c> (nanoseconds), <c>name</c> and <c>attributes</c>.</summary>
internal sealed record SpanEntry(
    string SpanId,
    string? ParentId,
    string Service,
    string Instance,
    string Version,
    string Scope,
    string Name,
    SpanKind Kind,
    DateTimeOffset Start,
    TimeSpan Duration,
    bool IsError,
    string? Message,
    [property: JsonConverter(typeof(RawJson))] string Attributes,
    [property: JsonConverter(typeof(RawJson))] string? Events,
    [property: JsonConverter(typeof(RawJson))] string? Links);

/// <summary>The kinds of OpenTelemetry, by their numbers.</summary>
internal enum SpanKind
{
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}
