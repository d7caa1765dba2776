using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Protocol.Rpc;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Receiving;

/// <summary>
/// OTLP over gRPC, section "OTLP/gRPC" of its specification. RESOURCE_EXHAUSTED carries a RetryInfo, without which an exporter would give up.
/// </summary>
internal sealed class OtlpGrpc(Intake intake, IOptions<ConsoleOptions> options)
{
    private const string DetailsTrailer = "grpc-status-details-bin";

    public async Task<TAnswer> TakeAsync<TAnswer>(Signal signal, IMessage request)
        where TAnswer : IMessage
    {
        using Intake.Room? room = intake.Reserve(request.CalculateSize());
        if (room is null) throw ComeAgain(StatusCode.ResourceExhausted, "too much is being stored already");
        try
        {
            return (TAnswer)signal.Answer(await intake.TakeAsync(signal, request, null));
        }
        catch (StoreUnavailableException away)
        {
            throw ComeAgain(StatusCode.Unavailable, away.Message);
        }
    }

    private RpcException ComeAgain(StatusCode code, string reason)
    {
        RetryInfo retry = new() { RetryDelay = Duration.FromTimeSpan(options.Value.Telemetry.Limits.RetryAfter) };
        Protocol.Rpc.Status details = new() { Code = (int)code, Message = reason, Details = { Any.Pack(retry) } };
        return new RpcException(new Grpc.Core.Status(code, reason), new Metadata { { DetailsTrailer, details.ToByteArray() } });
    }
}

/// <summary>Spans over gRPC.</summary>
internal sealed class GrpcTraces(OtlpGrpc grpc, Signals signals) : TraceService.TraceServiceBase
{
    public override Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context) =>
        grpc.TakeAsync<ExportTraceServiceResponse>(signals.Traces, request);
}

/// <summary>Log records over gRPC.</summary>
internal sealed class GrpcLogs(OtlpGrpc grpc, Signals signals) : LogsService.LogsServiceBase
{
    public override Task<ExportLogsServiceResponse> Export(ExportLogsServiceRequest request, ServerCallContext context) =>
        grpc.TakeAsync<ExportLogsServiceResponse>(signals.Logs, request);
}

/// <summary>Metrics over gRPC.</summary>
internal sealed class GrpcMetrics(OtlpGrpc grpc, Signals signals) : MetricsService.MetricsServiceBase
{
    public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context) =>
        grpc.TakeAsync<ExportMetricsServiceResponse>(signals.Metrics, request);
}
