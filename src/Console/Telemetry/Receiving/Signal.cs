using Google.Protobuf;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Reading;

namespace Quintet.Console.Telemetry.Receiving;

/// <summary>One of the three kinds of telemetry: its request, its answer, and how it becomes rows.</summary>
/// <param name="Name">The last segment of its path.</param>
/// <param name="GrpcPath">Its method over gRPC.</param>
/// <param name="Parser">Reads a request.</param>
/// <param name="Read">Makes rows of a request.</param>
/// <param name="Answer">Makes the answer of a receipt.</param>
internal sealed record Signal(
    string Name, string GrpcPath, MessageParser Parser, Func<IMessage, Batch> Read, Func<Receipt, IMessage> Answer)
{
    public string Path => $"/v1/{Name}";
}

/// <summary>What became of an accepted request.</summary>
/// <param name="Rejected">Items that are not stored, and would not be if they were sent again.</param>
/// <param name="Reason">Why the last of them is not.</param>
internal sealed record Receipt(long Rejected, string Reason);

/// <summary>The three signals.</summary>
internal sealed class Signals
{
    public Signals(IOptions<ConsoleOptions> options, TimeProvider clock)
    {
        TelemetryLimitOptions limits = options.Value.Telemetry.Limits;
        AttributeReader attributes = new(limits);
        SpanReader spans = new(attributes, limits);
        LogReader logs = new(attributes, clock);
        PointReader points = new(attributes);
        Traces = new Signal(
            "traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export", ExportTraceServiceRequest.Parser,
            message => spans.Read((ExportTraceServiceRequest)message),
            receipt => new ExportTraceServiceResponse
            {
                PartialSuccess = receipt.Rejected == 0 ? null
                    : new ExportTracePartialSuccess { RejectedSpans = receipt.Rejected, ErrorMessage = receipt.Reason },
            });
        Logs = new Signal(
            "logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export", ExportLogsServiceRequest.Parser,
            message => logs.Read((ExportLogsServiceRequest)message),
            receipt => new ExportLogsServiceResponse
            {
                PartialSuccess = receipt.Rejected == 0 ? null
                    : new ExportLogsPartialSuccess { RejectedLogRecords = receipt.Rejected, ErrorMessage = receipt.Reason },
            });
        Metrics = new Signal(
            "metrics", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", ExportMetricsServiceRequest.Parser,
            message => points.Read((ExportMetricsServiceRequest)message),
            receipt => new ExportMetricsServiceResponse
            {
                PartialSuccess = receipt.Rejected == 0 ? null
                    : new ExportMetricsPartialSuccess { RejectedDataPoints = receipt.Rejected, ErrorMessage = receipt.Reason },
            });
    }

    public Signal Traces { get; }

    public Signal Logs { get; }

    public Signal Metrics { get; }

    public Signal? AtPath(string path) => new[] { Traces, Logs, Metrics }.FirstOrDefault(signal => signal.Path == path);
}
