using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Quintet.TestKit.Telemetry;

/// <summary>One span as it arrived: ids in lower-case hexadecimal.</summary>
public sealed record ReceivedSpan(string Service, string Instance, string Name, string TraceId, string SpanId, string ParentSpanId);

/// <summary>One log record as it arrived, with its attributes that are text.</summary>
public sealed record ReceivedLog(string Service, string EventName, string TraceId, IReadOnlyDictionary<string, string> Attributes);

/// <summary>An OpenTelemetry collector on 127.0.0.1 that keeps the spans and the log records it is sent (OTLP over HTTP with protobuf).</summary>
/// <remarks>Field numbers are those of opentelemetry-proto 1.x: trace/v1/trace.proto, logs/v1/logs.proto, resource/v1 and common/v1.</remarks>
public sealed class OtlpSink : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<ReceivedSpan> spans = new();
    private readonly ConcurrentQueue<ReceivedLog> logs = new();

    private OtlpSink(WebApplication app) => this.app = app;

    public IReadOnlyCollection<ReceivedSpan> Spans => spans;

    public IReadOnlyCollection<ReceivedLog> Logs => logs;

    public Uri Endpoint => new(app.Urls.Single());

    /// <summary>The variables that make any OpenTelemetry SDK export here without delay.</summary>
    public IReadOnlyDictionary<string, string?> ExporterEnvironment => new Dictionary<string, string?>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Endpoint.ToString().TrimEnd('/'),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
    };

    public static async Task<OtlpSink> StartAsync(CancellationToken cancellation)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRequestDecompression();
        WebApplication app = builder.Build();
        app.UseRequestDecompression();
        var sink = new OtlpSink(app);
        app.MapPost("/v1/traces", request => sink.ReceiveAsync(request, sink.KeepSpans));
        app.MapPost("/v1/logs", request => sink.ReceiveAsync(request, sink.KeepLogs));
        app.MapPost("/v1/{signal}", () => TypedResults.Ok());
        await app.StartAsync(cancellation);
        return sink;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context, Action<ByteString> keep)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        foreach (ByteString ofResource in Messages(ByteString.CopyFrom(body.ToArray()), 1)) keep(ofResource);
        context.Response.ContentType = "application/x-protobuf";
    }

    private void KeepSpans(ByteString resourceSpans)
    {
        (string service, string instance) = (ResourceOf(resourceSpans, "service.name"), ResourceOf(resourceSpans, "service.instance.id"));
        foreach (ByteString span in Messages(resourceSpans, 2).SelectMany(scope => Messages(scope, 2)))
            spans.Enqueue(new ReceivedSpan(service, instance, Text(span, 5), Hex(span, 1), Hex(span, 2), Hex(span, 4)));
    }

    private void KeepLogs(ByteString resourceLogs)
    {
        string service = ResourceOf(resourceLogs, "service.name");
        foreach (ByteString log in Messages(resourceLogs, 2).SelectMany(scope => Messages(scope, 2)))
            logs.Enqueue(new ReceivedLog(service, Text(log, 12), Hex(log, 9), Messages(log, 6).ToDictionary(a => Text(a, 1), ValueOf)));
    }

    private static string ResourceOf(ByteString signal, string name) =>
        Messages(signal, 1).SelectMany(resource => Messages(resource, 1))
            .Where(attribute => Text(attribute, 1) == name).Select(ValueOf).FirstOrDefault("unknown");

    private static string ValueOf(ByteString attribute) => Messages(attribute, 2).Select(value => Text(value, 1)).FirstOrDefault("");

    private static string Text(ByteString message, int field) => Messages(message, field).Select(b => b.ToStringUtf8()).FirstOrDefault("");

    private static string Hex(ByteString message, int field) =>
        Messages(message, field).Select(b => Convert.ToHexStringLower(b.Span)).FirstOrDefault("");

    /// <summary>The length-delimited values of one field.</summary>
    private static List<ByteString> Messages(ByteString message, int field)
    {
        List<ByteString> found = [];
        CodedInputStream input = message.CreateCodedInput();
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == field && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                found.Add(input.ReadBytes());
            else
                input.SkipLastField();
        }

        return found;
    }
}
