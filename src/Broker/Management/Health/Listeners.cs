using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Broker.Connections;
using Quintet.Broker.Sockets;

namespace Quintet.Broker.Management.Health;

/// <summary>A port somebody may connect to.</summary>
internal sealed record Listener(string Protocol, string Address, int Port)
{
    public bool IsTls => Protocol is "amqp/ssl" or "https";
}

/// <summary>The ports that are open now, asked of the server itself.</summary>
internal static class Listeners
{
    /// <param name="http">Any request.</param>
    /// <param name="broker">Knows which port was meant for what.</param>
    public static IReadOnlyList<Listener> Of(HttpContext http, BrokerContext broker)
    {
        BindingAddress[] addresses = [.. (http.RequestServices.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
            .Select(BindingAddress.Parse)];
        return [.. BrokerPorts.Of(addresses, broker.Options)
            .Select(port => new Listener(port.Protocol, port.Address.Host, port.Address.Port))];
    }
}
