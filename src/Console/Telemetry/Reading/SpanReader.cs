using Google.Protobuf;
using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Reading;

/// <summary>Spans of a request as rows.</summary>
internal sealed class SpanReader(AttributeReader attributes, TelemetryLimitOptions limits)
{
    private const int TraceIdLength = 16;
    private const int SpanIdLength = 8;

    public Batch Read(ExportTraceServiceRequest request)
    {
        Batch batch = new();
        foreach (ResourceSpans ofResource in request.ResourceSpans)
        {
            ResourceRow resource = attributes.ReadResource(ofResource.Resource);
            foreach (ScopeSpans ofScope in ofResource.ScopeSpans)
                foreach (Span span in ofScope.Spans)
                {
                    if (FaultOf(span) is { } fault) batch.Reject(fault);
                    else batch.Spans.Add(Read(span, resource, attributes.Cut(ofScope.Scope?.Name ?? "")));
                }
        }

        return batch;
    }

    /// <summary>The id; null when it is absent, all zero or of another length.</summary>
    public static byte[]? TraceId(ByteString id) => IsId(id, TraceIdLength) ? id.ToByteArray() : null;

    /// <summary>As <see cref="TraceId"/>, of a span.</summary>
    public static byte[]? SpanId(ByteString id) => IsId(id, SpanIdLength) ? id.ToByteArray() : null;

    private static bool IsId(ByteString id, int length) => id.Length == length && id.Span.ContainsAnyExcept((byte)0);

    private static string? FaultOf(Span span)
    {
        if (!IsId(span.TraceId, TraceIdLength)) return "trace_id must be 16 bytes and not all zero";
        if (!IsId(span.SpanId, SpanIdLength)) return "span_id must be 8 bytes and not all zero";
        if (span.StartTimeUnixNano is 0 or > long.MaxValue) return "start_time_unix_nano must be a time between 1970 and 2262";
        return span.EndTimeUnixNano > long.MaxValue ? "end_time_unix_nano must be a time between 1970 and 2262" : null;
    }

    private SpanRow Read(Span span, ResourceRow resource, string scope)
    {
        long start = (long)span.StartTimeUnixNano;
        return new SpanRow(
            resource, span.TraceId.ToByteArray(), span.SpanId.ToByteArray(), SpanId(span.ParentSpanId), attributes.Cut(span.Name), span.Kind, start,
            Math.Max(0, (long)span.EndTimeUnixNano - start), span.Status?.Code ?? 0, span.Status?.Message is { Length: > 0 } text ? attributes.Cut(text) : null,
            scope, attributes.ToJson(span.Attributes), Events(span), Links(span), HttpStatus(span));
    }

    private static int? HttpStatus(Span span)
    {
        KeyValue? status = span.Attributes.FirstOrDefault(pair => pair.Key is "http.response.status_code" or "http.status_code");
        return status?.Value?.IntValue is > 0 and < 1000 and var code ? (int)code : null;
    }

    private string? Events(Span span) =>
        span.Events.Count == 0 ? null : AttributeReader.Write(json =>
        {
            json.WriteStartArray();
            foreach (Span.Types.Event happened in span.Events.Take(limits.EventsMax))
            {
                json.WriteStartObject();
                json.WriteNumber("time", happened.TimeUnixNano);
                json.WriteString("name", attributes.Cut(happened.Name));
                json.WritePropertyName("attributes");
                attributes.WriteMembers(json, happened.Attributes.DistinctBy(pair => pair.Key).Take(limits.AttributesMax));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });

    private string? Links(Span span) =>
        span.Links.Count == 0 ? null : AttributeReader.Write(json =>
        {
            json.WriteStartArray();
            foreach (Span.Types.Link link in span.Links.Take(limits.EventsMax))
            {
                json.WriteStartObject();
                json.WriteString("trace_id", Convert.ToHexStringLower(link.TraceId.Span));
                json.WriteString("span_id", Convert.ToHexStringLower(link.SpanId.Span));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
}
