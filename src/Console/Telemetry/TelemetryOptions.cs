using System.ComponentModel.DataAnnotations;
using Quintet.Console.Telemetry.Forwarding;

namespace Quintet.Console.Telemetry;

/// <summary>The console's telemetry store, section <c>Console:Telemetry</c>. It is read at start and not reloaded.</summary>
internal sealed class TelemetryOptions
{
    /// <summary>The port of OTLP over gRPC. Default 4317, as the specification has it; 0 takes a free one; null opens none.</summary>
    [Range(0, 65535)]
    public int? GrpcPort { get; set; } = 4317;

    /// <summary>The port of OTLP over HTTP. Default 4318, as the specification has it; 0 takes a free one; null opens none.</summary>
    [Range(0, 65535)]
    public int? HttpPort { get; set; } = 4318;

    /// <summary>How much is kept, and for how long.</summary>
    public TelemetryKeepOptions Keep { get; set; } = new();

    /// <summary>Which traces are kept.</summary>
    public TelemetrySamplingOptions Sampling { get; set; } = new();

    /// <summary>What the store refuses, and how much a question may cost.</summary>
    public TelemetryLimitOptions Limits { get; set; } = new();

    /// <summary>Another collector that gets everything, too.</summary>
    public ForwardOptions Forward { get; set; } = new();
}

/// <summary>How much is kept; section <c>Console:Telemetry:Keep</c>.</summary>
internal sealed class TelemetryKeepOptions
{
    /// <summary>
    /// Bytes of the store's file in use; above it the oldest traces, logs and hops go, their times shortened in proportion. Default 1 GiB: two million
    /// spans with their texts, on the smallest disk a system runs on. Metrics count, but go by age alone. From 16 MiB.
    /// </summary>
    [Range(16L << 20, 1L << 44)]
    public long BytesMax { get; set; } = 1L << 30;

    /// <summary>The age of traces and of the figures of calls. Default 3 days: a fault of Friday is still there on Monday.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Traces { get; set; } = TimeSpan.FromDays(3);

    /// <summary>The age of log records. Default 3 days, as that of the traces they belong to.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Logs { get; set; } = TimeSpan.FromDays(3);

    /// <summary>The age of metrics. Default 7 days: today beside the same day of last week.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Metrics { get; set; } = TimeSpan.FromDays(7);

    /// <summary>The age of hops, which are never sampled. Default 7 days, the time in which somebody asks where their mail is.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Hops { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often the store looks for what is too old or too much. Default 30 s: it outgrows its bytes by no more than that.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan CleanupInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Rows deleted in one transaction. Default 500: a few milliseconds, for which writers wait.</summary>
    [Range(1, 100_000)]
    public int CleanupBatch { get; set; } = 500;
}

/// <summary>
/// Which traces are kept; section <c>Console:Telemetry:Sampling</c>. Those with an error and slow ones always are. The decision is made once a
/// trace is quiet.
/// </summary>
internal sealed class TelemetrySamplingOptions
{
    /// <summary>A trace at least this long is always kept. Default 1 s, where a user begins to notice.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Slow { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The share kept of the others, 0 to 1. Default 1: all, as long as <see cref="SpansPerSecond"/> allows.</summary>
    [Range(0.0, 1.0)]
    public double Share { get; set; } = 1;

    /// <summary>
    /// Spans kept of the others, a second, over 10 s. Default 100: with 400 to 700 bytes each, 1 GiB then holds the last four to seven hours
    /// of a busy system, and days of a quiet one.
    /// </summary>
    [Range(0, 1_000_000)]
    public int SpansPerSecond { get; set; } = 100;

    /// <summary>A trace is quiet when none of its spans came for so long. Default 10 s: exporters send every 5 s, so that late ones have come.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan Quiet { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>What the store refuses; section <c>Console:Telemetry:Limits</c>.</summary>
internal sealed class TelemetryLimitOptions
{
    /// <summary>Bytes of a request, before and after decompression; more get 413. Default 4 MiB, the limit of gRPC servers.</summary>
    [Range(1024, 256 << 20)]
    public int BodyBytesMax { get; set; } = 4 << 20;

    /// <summary>
    /// Bytes of all requests that are read or wait for their commit; more get 429 and RESOURCE_EXHAUSTED, after which exporters come
    /// again. Default 16 MiB: some seconds of a busy system.
    /// </summary>
    [Range(1024, 1 << 30)]
    public long WaitingBytesMax { get; set; } = 16 << 20;

    /// <summary>What <c>Retry-After</c> and RetryInfo tell a refused exporter. Default 1 s: a commit takes milliseconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Characters of an attribute's value; the rest is cut. Default 4096: a stack trace fits.</summary>
    [Range(16, 1 << 20)]
    public int ValueLengthMax { get; set; } = 4096;

    /// <summary>Attributes of a span, a log record, a point; the rest is dropped. Default 128, as OpenTelemetry's SDKs have it.</summary>
    [Range(1, 10_000)]
    public int AttributesMax { get; set; } = 128;

    /// <summary>Events and links of a span, each; the rest is dropped. Default 128, as OpenTelemetry's SDKs have it.</summary>
    [Range(0, 10_000)]
    public int EventsMax { get; set; } = 128;

    /// <summary>Series of metrics; points of further ones are rejected. Default 20,000: a system of forty instances has half as many.</summary>
    [Range(1, 10_000_000)]
    public int SeriesMax { get; set; } = 20_000;

    /// <summary>Who-calls-whom pairs; further ones count as calls to "other". Default 5000: names from attributes may be endless.</summary>
    [Range(1, 1_000_000)]
    public int CallsMax { get; set; } = 5000;

    /// <summary>Rows of an answer. Default 1000: more is not read by people.</summary>
    [Range(1, 100_000)]
    public int RowsMax { get; set; } = 1000;

    /// <summary>
    /// Steps of a series in an answer. Default 2000: a plot has as many pixels. A step is at least 1 s.
    /// </summary>
    [Range(1, 100_000)]
    public int StepsMax { get; set; } = 2000;

    /// <summary>The newest matches of a text that a search looks at. Default 20,000: they are filtered in some 50 ms.</summary>
    [Range(100, 10_000_000)]
    public int TextMatchesMax { get; set; } = 20_000;

    /// <summary>Questions answered at one time; others wait. Default 4: two cores, and each holds a few MiB.</summary>
    [Range(1, 1000)]
    public int QueriesMax { get; set; } = 4;

    /// <summary>A question may take so long. Default 10 s: nobody waits longer for a page.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
