using System.ComponentModel.DataAnnotations;
using Quintet.Hosting.Settings;

namespace Quintet.Console.Telemetry.Forwarding;

/// <summary>Another collector that gets everything the console gets; section <c>Console:Telemetry:Forward</c>.</summary>
internal sealed class ForwardOptions
{
    /// <summary>
    /// The collector, as <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> has it: <c>http://host:4318</c>, to which <c>/v1/traces</c> and so on are added, or
    /// <c>http://host:4317</c> with gRPC. Default null: nothing is forwarded.
    /// </summary>
    [Url]
    public string? Url { get; set; }

    /// <summary>How the collector is spoken to. Default <c>HttpProtobuf</c>, the specification's.</summary>
    public ForwardProtocol Protocol { get; set; } = ForwardProtocol.HttpProtobuf;

    /// <summary>Headers of each request, as <c>OTEL_EXPORTER_OTLP_HEADERS</c> has them: <c>name=value,name=value</c>. Default null: none.</summary>
    public Secret? Headers { get; set; }

    /// <summary>Bytes of requests that wait for the collector; further ones are dropped and counted. Default 8 MiB: some minutes of a small system.</summary>
    [Range(1024, 1 << 30)]
    public long WaitingBytesMax { get; set; } = 8 << 20;

    /// <summary>The time one try may take. Default 10 s, as OpenTelemetry's exporters have it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause after a failed try; it doubles up to <see cref="PauseMax"/>. Default 1 s, as OpenTelemetry's exporters have it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan PauseMin { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between tries. Default 30 s: a collector that is back is found within that.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan PauseMax { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A request is dropped and counted when it was tried for so long. Default 5 min: a restart of the collector loses nothing.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan TryFor { get; set; } = TimeSpan.FromMinutes(5);
}

/// <summary>The two forms of OTLP.</summary>
internal enum ForwardProtocol
{
    /// <summary>OTLP over HTTP with protobuf.</summary>
    HttpProtobuf,

    /// <summary>OTLP over gRPC.</summary>
    Grpc,
}
