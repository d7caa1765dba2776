using Google.Protobuf;
using Quintet.Console.Telemetry.Protocol;

namespace Quintet.Console.Telemetry.Receiving;

/// <summary>
/// OTLP's JSON is protobuf's, but for ids: those are hexadecimal, where protobuf has base64. Every hexadecimal digit is a base64 digit, too, so
/// that the text of an id is read as base64 first and taken back from there.
/// </summary>
internal static class OtlpJson
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    /// <exception cref="InvalidProtocolBufferException">It is not JSON, or not of this kind.</exception>
    public static IMessage Read(string json, Signal signal)
    {
        IMessage message = Parser.Parse(json, signal.Parser.ParseFrom(ByteString.Empty).Descriptor);
        if (message is ExportTraceServiceRequest traces) Mend(traces);
        else if (message is ExportLogsServiceRequest logs) Mend(logs);
        return message;
    }

    public static string Write(IMessage message) => JsonFormatter.Default.Format(message);

    private static void Mend(ExportTraceServiceRequest request)
    {
        foreach (Span span in request.ResourceSpans.SelectMany(resource => resource.ScopeSpans).SelectMany(scope => scope.Spans))
        {
            span.TraceId = Mended(span.TraceId);
            span.SpanId = Mended(span.SpanId);
            span.ParentSpanId = Mended(span.ParentSpanId);
            foreach (Span.Types.Link link in span.Links)
            {
                link.TraceId = Mended(link.TraceId);
                link.SpanId = Mended(link.SpanId);
            }
        }
    }

    private static void Mend(ExportLogsServiceRequest request)
    {
        foreach (LogRecord record in request.ResourceLogs.SelectMany(resource => resource.ScopeLogs).SelectMany(scope => scope.LogRecords))
        {
            record.TraceId = Mended(record.TraceId);
            record.SpanId = Mended(record.SpanId);
        }
    }

    /// <summary>Empty, and thereby refused, when it was not hexadecimal.</summary>
    private static ByteString Mended(ByteString read)
    {
        string text = read.ToBase64();
        return text.All(char.IsAsciiHexDigit) ? ByteString.CopyFrom(Convert.FromHexString(text)) : ByteString.Empty;
    }
}
