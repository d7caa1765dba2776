using System.Globalization;
using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Reading;

/// <summary>Log records of a request as rows; those that tell of a hop become hops.</summary>
internal sealed class LogReader(AttributeReader attributes, TimeProvider clock)
{
    public const string HopEvent = "quintet.hop";

    public Batch Read(ExportLogsServiceRequest request)
    {
        Batch batch = new();
        foreach (ResourceLogs ofResource in request.ResourceLogs)
        {
            ResourceRow resource = attributes.ReadResource(ofResource.Resource);
            foreach (ScopeLogs ofScope in ofResource.ScopeLogs)
                foreach (LogRecord record in ofScope.LogRecords)
                {
                    if (record.TimeUnixNano > long.MaxValue || record.ObservedTimeUnixNano > long.MaxValue)
                        batch.Reject("time_unix_nano must be a time between 1970 and 2262");
                    else if (EventOf(record) == HopEvent) batch.Hops.Add(ReadHop(record, resource));
                    else batch.Logs.Add(ReadLog(record, resource, attributes.Cut(ofScope.Scope?.Name ?? "")));
                }
        }

        return batch;
    }

    private LogRow ReadLog(LogRecord record, ResourceRow resource, string scope) =>
        new(resource, TimeOf(record), Math.Clamp(record.SeverityNumber, 0, 24), scope, EventOf(record), attributes.ToText(record.Body),
            SpanReader.TraceId(record.TraceId), SpanReader.SpanId(record.SpanId), attributes.ToJson(record.Attributes));

    /// <summary>The attributes that have a column, and the rest as detail.</summary>
    private HopRow ReadHop(LogRecord record, ResourceRow resource)
    {
        Dictionary<string, string> told = [];
        List<KeyValue> detail = [];
        foreach (KeyValue pair in record.Attributes)
            if (!HasColumn(pair.Key) || !told.TryAdd(pair.Key, attributes.ToText(pair.Value))) detail.Add(pair);

        string? Told(string key) => told.GetValueOrDefault(key);
        return new HopRow(
            TimeOf(record), TraceOf(Told("quintet.trace.id")) ?? SpanReader.TraceId(record.TraceId), Told("quintet.event.id"), Told("quintet.subject"),
            Told("quintet.address.hash"), Told("quintet.hop.stage") ?? "", resource.Service, resource.Instance, Told("quintet.hop.outcome"),
            DurationOf(Told("quintet.hop.duration_ms")), attributes.ToJson(detail));
    }

    private static bool HasColumn(string key) => key is "quintet.hop.stage" or "quintet.hop.outcome" or "quintet.hop.duration_ms" or "quintet.event.id"
        or "quintet.subject" or "quintet.trace.id" or "quintet.address.hash";

    /// <summary>A hop may belong to another trace than the one it was noted in.</summary>
    private static byte[]? TraceOf(string? hex) => hex is { Length: 32 } && hex.All(char.IsAsciiHexDigit) ? Convert.FromHexString(hex) : null;

    private static long DurationOf(string? milliseconds) =>
        double.TryParse(milliseconds, NumberStyles.Float, CultureInfo.InvariantCulture, out double read) && read is > 0 and < 1e12 ? (long)(read * 1e6) : 0;

    private long TimeOf(LogRecord record) => record switch
    {
        { TimeUnixNano: > 0 } => (long)record.TimeUnixNano,
        { ObservedTimeUnixNano: > 0 } => (long)record.ObservedTimeUnixNano,
        _ => Nanoseconds.Of(clock.GetUtcNow()),
    };

    /// <summary>Older exporters had the event's name among the attributes.</summary>
    private string? EventOf(LogRecord record)
    {
        if (record.EventName.Length > 0) return attributes.Cut(record.EventName);
        return attributes.Text(record.Attributes, "event.name") ?? attributes.Text(record.Attributes, "logrecord.event.name");
    }
}
