using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Broker.Connections;

namespace Quintet.Broker.Management.Health;

/// <summary>A port somebody may connect to.</summary>
internal sealed record Listener(string Protocol, string Address, int Port);

/// <summary>The ports that are open now, asked of the server itself.</summary>
internal static class Listeners
{
    /// <param name="http">A request, which came in on the management port.</param>
    /// <param name="broker">Knows which port was meant for what.</param>
    public static IReadOnlyList<Listener> Of(HttpContext http, BrokerContext broker)
    {
        int management = http.Features.Get<IHttpConnectionFeature>()?.LocalPort ?? broker.Options.ManagementPort;
        IEnumerable<string> addresses = http.RequestServices.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        return [.. addresses.Select(BindingAddress.Parse).Select(address => new Listener(
            address.Port == management ? "http" : address.Scheme == "https" ? "amqp/ssl" : "amqp", address.Host, address.Port))];
    }
}
