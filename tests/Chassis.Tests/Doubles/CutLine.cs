using System.Net;
using System.Net.Sockets;

namespace Quintet.Chassis.Tests.Doubles;

/// <summary>A line to a server that a test can cut and mend.</summary>
internal sealed class CutLine : IAsyncDisposable
{
    private readonly int _target;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Socket> _open = []; // guarded by itself
    private readonly Task _accepting;
    private volatile bool _isCut;

    public CutLine(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Ends every connection, and refuses new ones until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        _isCut = true;
        lock (_open)
        {
            foreach (Socket socket in _open) socket.Close(0);
            _open.Clear();
        }
    }

    public void Mend() => _isCut = false;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        Cut();
        _listener.Dispose();
        await _accepting;
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> lines = [];
        try
        {
            while (true) lines.Add(CarryAsync(await _listener.AcceptSocketAsync(_ending.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(lines);
        }
    }

    private async Task CarryAsync(Socket near)
    {
        using Socket far = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (!_isCut) await far.ConnectAsync(IPAddress.Loopback, _target);
            lock (_open)
            {
                if (_isCut) near.Close(0);
                else _open.AddRange([near, far]);
            }

            await using NetworkStream here = new(near, ownsSocket: true);
            await using NetworkStream there = new(far, ownsSocket: false);
            await Task.WhenAny(here.CopyToAsync(there), there.CopyToAsync(here));
        }
        catch (Exception fault) when (fault is IOException or SocketException or ObjectDisposedException)
        {
            // The line was cut, which is what it is for.
        }
        finally
        {
            near.Dispose();
        }
    }
}
