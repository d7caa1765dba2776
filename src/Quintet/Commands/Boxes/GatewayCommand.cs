using System.CommandLine;
using Quintet.Gateway;
using Quintet.Terminal;

namespace Quintet.Commands.Boxes;

/// <summary><c>quintet gateway</c>.</summary>
internal static class GatewayCommand
{
    public static Command Create(Interruption interruption) => BoxCommand.Named("gateway", "Gateway", "Port of the entry point, 8080.",
        """
        Run the gateway alone: the single entry point, with routes from a registry (Quintet's or Consul).

        Examples:
          quintet gateway --registry http://127.0.0.1:8500
          Gateway__Registry__Token="$CONSUL_HTTP_TOKEN" quintet gateway --bind any
        """)
        .With<string>("--registry", "Registry:Url", "The registry that routes come from, http://127.0.0.1:8500.", "url")
        .With<int?>("--http2-port", "Http2Port", "A second port for HTTP/2 without TLS (gRPC).", "port")
        .Runs(GatewayBox.Build, interruption);
}
