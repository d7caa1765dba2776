using System.Net;
using System.Net.Sockets;

namespace Quintet.Supervision.Ports;

/// <summary>Finds ports nobody listens on.</summary>
/// <remarks>
/// They are taken below the range from which the kernel gives out ports to outgoing connections (32768 on, ip_local_port_range): an instance
/// keeps its port over restarts, and in between nobody else may be given it by chance.
/// </remarks>
internal sealed class FreePorts
{
    private const int First = 20000;
    private const int Last = 32000;

    private readonly HashSet<int> _given = [];

    /// <exception cref="IOException">None is free.</exception>
    public int Take()
    {
        lock (_given)
        {
            for (int attempt = 0; attempt < 2000; attempt++)
            {
                int port = Random.Shared.Next(First, Last);
                if (_given.Contains(port) || !IsFree(port)) continue;
                _given.Add(port);
                return port;
            }
        }

        throw new IOException($"no free port between {First} and {Last}");
    }

    public void Return(int port)
    {
        lock (_given) _given.Remove(port);
    }

    /// <summary>Whether a listener could be opened on the machine's loopback addresses.</summary>
    public static bool IsFree(int port) => CanListen(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || CanListen(IPAddress.IPv6Loopback, port));

    private static bool CanListen(IPAddress address, int port)
    {
        try
        {
            using Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException fault)
        {
            // No ::1 on this machine is no reason against the port.
            return fault.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported;
        }
    }
}
