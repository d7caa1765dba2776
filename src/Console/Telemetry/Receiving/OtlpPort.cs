using Microsoft.AspNetCore.Server.Kestrel.Core;
using Quintet.Hosting.Listening;

namespace Quintet.Console.Telemetry.Receiving;

/// <summary>
/// Marks the connections of the two receiving ports, so that telemetry is taken there alone and pages are served nowhere but on their own port,
/// whatever a request's Host says.
/// </summary>
internal sealed record OtlpPort(bool IsGrpc)
{
    private static readonly OtlpPort Grpc = new(true);
    private static readonly OtlpPort Http = new(false);

    public static void ListenOn(KestrelServerOptions kestrel, ConsoleOptions options)
    {
        if (options.Telemetry.GrpcPort is { } grpc) kestrel.ListenOn(options.Bind, grpc, listen => Grpc.Mark(listen, HttpProtocols.Http2));
        if (options.Telemetry.HttpPort is { } http) kestrel.ListenOn(options.Bind, http, listen => Http.Mark(listen, HttpProtocols.Http1));
    }

    /// <summary>Without TLS a port has one protocol: gRPC needs HTTP/2, everything else speaks HTTP/1.1.</summary>
    private void Mark(ListenOptions listen, HttpProtocols protocols)
    {
        listen.Protocols = protocols;
        listen.Use(next => connection =>
        {
            connection.Features.Set(this);
            return next(connection);
        });
    }
}
