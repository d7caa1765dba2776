using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Quintet.Gateway.Drain;

/// <summary>
/// A request that may become a WebSocket, over HTTP/1.1 (Upgrade) or HTTP/2 (extended CONNECT, RFC 8441). It hands YARP a stream
/// that can say goodbye.
/// </summary>
internal sealed class PassingWebSocket : IHttpUpgradeFeature, IHttpExtendedConnectFeature
{
    private readonly HttpContext _context;
    private readonly IHttpUpgradeFeature? _upgrade;
    private readonly IHttpExtendedConnectFeature? _connect;
    private volatile Func<CancellationToken, Task>? _leave;

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

    public async Task<Stream> UpgradeAsync() => Wrap(await _upgrade!.UpgradeAsync());

    public async ValueTask<Stream> AcceptAsync() => Wrap(await _connect!.AcceptAsync());

    /// <summary>Sends the client a Close frame; a client that is gone or does not read has lost its say.</summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        try
        {
            if (_leave is { } leave) await leave(cancellation);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // It is cut next.
        }
    }

    public void Cut() => _context.Abort();

    private WebSocketStream Wrap(Stream stream)
    {
        WebSocketStream wrapped = new(stream);
        _leave = wrapped.LeaveAsync;
        return wrapped;
    }
}
