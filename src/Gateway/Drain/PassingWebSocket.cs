using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Quintet.Gateway.Drain;

/// <summary>
/// A request that may become a WebSocket, over HTTP/1.1 (Upgrade) or HTTP/2 (extended CONNECT, RFC 8441). It hands YARP a stream
/// that can say goodbye. Guarded by _gate: whether there is a stream yet and whether it is to say so, since the client may know of its
/// WebSocket (it has the 101) before the stream is here.
/// </summary>
internal sealed class PassingWebSocket : IHttpUpgradeFeature, IHttpExtendedConnectFeature
{
    private readonly HttpContext _context;
    private readonly IHttpUpgradeFeature? _upgrade;
    private readonly IHttpExtendedConnectFeature? _connect;
    private readonly Lock _gate = new();
    private WebSocketStream? _stream;
    private bool _isLeaving;

    private PassingWebSocket(HttpContext context, IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect) =>
        (_context, _upgrade, _connect) = (context, upgrade, connect);

    public bool IsUpgradableRequest => _upgrade?.IsUpgradableRequest is true;

    public bool IsExtendedConnect => _connect?.IsExtendedConnect is true;

    public string? Protocol => _connect?.Protocol;

    /// <summary>Stands in for the request's own features if it asks for a WebSocket; null if it does not.</summary>
    public static PassingWebSocket? TryAttach(HttpContext context)
    {
        IHttpUpgradeFeature? upgrade = context.Features.Get<IHttpUpgradeFeature>();
        IHttpExtendedConnectFeature? connect = context.Features.Get<IHttpExtendedConnectFeature>();
        if (upgrade?.IsUpgradableRequest is not true && connect?.IsExtendedConnect is not true) return null;

        PassingWebSocket socket = new(context, upgrade, connect);
        if (upgrade is not null) context.Features.Set<IHttpUpgradeFeature>(socket);
        if (connect is not null) context.Features.Set<IHttpExtendedConnectFeature>(socket);
        return socket;
    }

    public async Task<Stream> UpgradeAsync() => await WrapAsync(await _upgrade!.UpgradeAsync());

    public async ValueTask<Stream> AcceptAsync() => await WrapAsync(await _connect!.AcceptAsync());

    /// <summary>Sends the client a Close frame, now or as soon as there is a stream; a client that is gone or does not read has lost its say.</summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        WebSocketStream? stream;
        lock (_gate)
        {
            _isLeaving = true;
            stream = _stream;
        }

        if (stream is not null) await LeaveAsync(stream, cancellation);
    }

    public void Cut() => _context.Abort();

    private async Task<Stream> WrapAsync(Stream stream)
    {
        WebSocketStream wrapped = new(stream);
        bool isLeaving;
        lock (_gate)
        {
            _stream = wrapped;
            isLeaving = _isLeaving;
        }

        if (isLeaving) await LeaveAsync(wrapped, _context.RequestAborted);
        return wrapped;
    }

    private static async Task LeaveAsync(WebSocketStream stream, CancellationToken cancellation)
    {
        try
        {
            await stream.LeaveAsync(cancellation);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // It is cut next.
        }
    }
}
