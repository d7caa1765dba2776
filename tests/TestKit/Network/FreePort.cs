using System.Net;
using System.Net.Sockets;

namespace Quintet.TestKit.Network;

/// <summary>Ports on 127.0.0.1 that nobody listened on a moment ago.</summary>
public static class FreePort
{
    public static int Take()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
