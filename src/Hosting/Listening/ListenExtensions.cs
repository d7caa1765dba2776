using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Quintet.Hosting.Listening;

/// <summary>How every part here opens its ports.</summary>
public static class ListenExtensions
{
    /// <summary>The default of every <c>Bind</c> option: 127.0.0.1, and ::1 where the machine has it.</summary>
    public const string Loopback = "loopback";

    /// <summary>Listens on <paramref name="port"/> of the addresses that <paramref name="bind"/> names.</summary>
    /// <param name="kestrel">The server.</param>
    /// <param name="bind"><c>loopback</c> (127.0.0.1 and ::1), <c>any</c> (all addresses), or IP addresses separated by commas.</param>
    /// <param name="port">0 takes a free port; with <c>loopback</c> then on 127.0.0.1 alone, since two addresses would get two ports.</param>
    /// <param name="configure">What runs on the port; null means HTTP/1.1 and HTTP/2.</param>
    /// <exception cref="FormatException">An address cannot be read.</exception>
    public static void ListenOn(this KestrelServerOptions kestrel, string bind, int port, Action<ListenOptions>? configure = null)
    {
        configure ??= static _ => { };
        if (bind == "any") kestrel.ListenAnyIP(port, configure);
        else if (bind == Loopback && port == 0) kestrel.Listen(IPAddress.Loopback, 0, configure);
        else if (bind == Loopback) kestrel.ListenLocalhost(port, configure);
        else
            foreach (string address in bind.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                kestrel.Listen(Parse(address), port, configure);
    }

    private static IPAddress Parse(string address) =>
        IPAddress.TryParse(address, out IPAddress? parsed)
            ? parsed
            : throw new FormatException($"Bind: '{address}' is neither 'loopback', 'any' nor an IP address");
}
