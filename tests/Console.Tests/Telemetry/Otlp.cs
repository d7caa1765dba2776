using Google.Protobuf;
using Quintet.Console.Telemetry.Protocol;

namespace Quintet.Console.Tests.Telemetry;

/// <summary>Requests as exporters make them.</summary>
internal static class Otlp
{
    public static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static ulong Nano(DateTimeOffset time) => (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;

    public static ByteString TraceId(int number) => ByteString.CopyFrom(Convert.FromHexString(number.ToString("x32", null)));

    public static ByteString SpanId(int number) => ByteString.CopyFrom(Convert.FromHexString(number.ToString("x16", null)));

    public static string Hex(int trace) => trace.ToString("x32", null);

    public static KeyValue Pair(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    public static KeyValue Pair(string key, long value) => new() { Key = key, Value = new AnyValue { IntValue = value } };

    public static Resource Resource(string service, string instance = "1") =>
        new() { Attributes = { Pair("service.name", service), Pair("service.instance.id", instance), Pair("service.version", "7") } };

    public static Span Span(
        int trace, int span, int parent = 0, string name = "work", int kind = 1, double at = 0, double seconds = 0.01, bool isError = false,
        params KeyValue[] attributes) => new()
    {
        TraceId = TraceId(trace),
        SpanId = SpanId(span),
        ParentSpanId = parent == 0 ? ByteString.Empty : SpanId(parent),
        Name = name,
        Kind = kind,
        StartTimeUnixNano = Nano(Noon.AddSeconds(at)),
        EndTimeUnixNano = Nano(Noon.AddSeconds(at + seconds)),
        Status = isError ? new Span.Types.Status { Code = 2, Message = "it broke" } : null,
        Attributes = { attributes },
    };

    public static ExportTraceServiceRequest Spans(string service, params Span[] spans) => ScopedSpans(service, "", spans);

    public static ExportTraceServiceRequest ScopedSpans(string service, string scope, params Span[] spans) => new()
    {
        ResourceSpans =
        {
            new ResourceSpans
            {
                Resource = Resource(service),
                ScopeSpans = { new ScopeSpans { Scope = new InstrumentationScope { Name = scope }, Spans = { spans } } },
            },
        },
    };

    public static LogRecord Log(string body, int severity = 9, double at = 0, int trace = 0, params KeyValue[] attributes) => new()
    {
        TimeUnixNano = Nano(Noon.AddSeconds(at)),
        SeverityNumber = severity,
        Body = new AnyValue { StringValue = body },
        TraceId = trace == 0 ? ByteString.Empty : TraceId(trace),
        Attributes = { attributes },
    };

    public static ExportLogsServiceRequest Logs(string service, params LogRecord[] logs) => new()
    {
        ResourceLogs = { new ResourceLogs { Resource = Resource(service), ScopeLogs = { new ScopeLogs { LogRecords = { logs } } } } },
    };

    public static ExportMetricsServiceRequest Metrics(string service, params Metric[] metrics) => MetricsOf(service, "1", metrics);

    public static ExportMetricsServiceRequest MetricsOf(string service, string instance, params Metric[] metrics) => new()
    {
        ResourceMetrics = { new ResourceMetrics { Resource = Resource(service, instance), ScopeMetrics = { new ScopeMetrics { Metrics = { metrics } } } } },
    };

    public static Metric Counter(string name, double start, double at, long value, params KeyValue[] attributes) => new()
    {
        Name = name,
        Sum = new Sum
        {
            IsMonotonic = true,
            AggregationTemporality = 2,
            DataPoints =
            {
                new NumberDataPoint
                {
                    StartTimeUnixNano = Nano(Noon.AddSeconds(start)), TimeUnixNano = Nano(Noon.AddSeconds(at)), AsInt = value, Attributes = { attributes },
                },
            },
        },
    };

    public static Metric Gauge(string name, double at, double value) => new()
    {
        Name = name,
        Gauge = new Gauge { DataPoints = { new NumberDataPoint { TimeUnixNano = Nano(Noon.AddSeconds(at)), AsDouble = value } } },
    };

    public static Metric Histogram(string name, double start, double at, double[] bounds, ulong[] counts, params KeyValue[] attributes) => new()
    {
        Name = name,
        Unit = "s",
        Histogram = new Histogram
        {
            AggregationTemporality = 2,
            DataPoints =
            {
                new HistogramDataPoint
                {
                    StartTimeUnixNano = Nano(Noon.AddSeconds(start)), TimeUnixNano = Nano(Noon.AddSeconds(at)),
                    Count = counts.Aggregate(0UL, (sum, count) => sum + count), ExplicitBounds = { bounds }, BucketCounts = { counts },
                    Attributes = { attributes },
                },
            },
        },
    };
}
