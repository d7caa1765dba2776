using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Quintet.Registry.Checks;

/// <summary>
/// Where checks may connect to. Whoever may register a service may name any address; the networks of
/// <see cref="RegistryCheckOptions.DeniedNetworks"/> are out of reach, by whatever name or redirect.
/// </summary>
internal sealed class ProbeTargets(IOptions<RegistryOptions> options)
{
    private readonly IPNetwork[] _denied = [.. options.Value.Checks.DeniedNetworks.Select(IPNetwork.Parse)];

    /// <summary>Connects to the first address of the host that accepts.</summary>
    /// <exception cref="IOException">None does, or none is allowed; the message is what the check shows.</exception>
    public async Task<Socket> ConnectAsync(DnsEndPoint endpoint, CancellationToken cancellation)
    {
        IPAddress[] addresses = IPAddress.TryParse(endpoint.Host, out IPAddress? literal)
            ? [literal]
            : await ResolveAsync(endpoint.Host, cancellation);
        IOException? last = null;
        foreach (IPAddress address in addresses)
        {
            if (IsDenied(address))
            {
                last = new IOException(
                    $"dial tcp {new IPEndPoint(address, endpoint.Port)}: checks may not connect to this network (Registry:Checks:DeniedNetworks)");
                continue;
            }

            Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, endpoint.Port, cancellation);
                return socket;
            }
            catch (SocketException fault)
            {
                socket.Dispose();
                last = new IOException($"dial tcp {new IPEndPoint(address, endpoint.Port)}: connect: {fault.Message.ToLowerInvariant()}");
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw last ?? new IOException($"dial tcp: lookup {endpoint.Host}: no such host");
    }

    private static async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellation)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(host, cancellation);
        }
        catch (SocketException fault)
        {
            throw new IOException($"dial tcp: lookup {host}: {fault.Message.ToLowerInvariant()}");
        }
    }

    private bool IsDenied(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return Array.Exists(_denied, network => network.Contains(address));
    }
}
