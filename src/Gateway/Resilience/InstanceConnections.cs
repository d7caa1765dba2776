using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Quintet.Gateway.Resilience;

/// <summary>The connections to instances: one pool a service.</summary>
internal sealed class InstanceConnections(IOptions<GatewayOptions> options) : ForwarderHttpClientFactory
{
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.ConnectTimeout = options.Value.Timeouts.Connect;
        handler.PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60); // below Kestrel's keep-alive of 130 s: the gateway lets go first
        handler.KeepAlivePingDelay = TimeSpan.FromSeconds(30); // for HTTP/2: a peer that vanished is noticed
        handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
    }
}
