using System.Net;
using System.Net.Sockets;

namespace Quintet.Broker.InProcess;

/// <summary>
/// Ports of this machine that nobody listens on. They lie below those that systems take for outgoing connections (32768 and up on Linux,
/// 49152 elsewhere): one of these could otherwise sit on the port while the broker restarts, even a client's own attempt to reconnect,
/// which then is connected to itself.
/// </summary>
internal static class FreePorts
{
    private const int First = 20_000;
    private const int Count = 12_000;

    // Test programs start side by side; from a common start they would all run after the same ports.
    private static int next = Random.Shared.Next(Count);

    /// <exception cref="IOException">None is free.</exception>
    public static int Take()
    {
        for (int tried = 0; tried < Count; tried++)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref next) % Count);
            if (IsFree(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || IsFree(IPAddress.IPv6Loopback, port))) return port;
        }

        throw new IOException($"no port from {First} to {First + Count - 1} is free on this machine");
    }

    private static bool IsFree(IPAddress address, int port)
    {
        using Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException taken)
        {
            // A machine may know IPv6 and have no ::1: then the broker does not listen there either.
            return taken.SocketErrorCode is SocketError.AddressNotAvailable;
        }
    }
}
