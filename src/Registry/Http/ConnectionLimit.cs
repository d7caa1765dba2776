using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Quintet.Registry.Http;

/// <summary>
/// Counts connections. The one too many is not dropped in silence, which its client would take for a broken network: its first request is
/// answered with 429.
/// </summary>
internal sealed class ConnectionLimit(int connectionsMax)
{
    private int _open;

    public void Apply(ListenOptions listen) => listen.Use(next => async connection =>
    {
        try
        {
            if (Interlocked.Increment(ref _open) > connectionsMax) connection.Features.Set(new Surplus());
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    });

    public static Task RefuseSurplusAsync(HttpContext http, RequestDelegate next)
    {
        if (http.Features.Get<Surplus>() is null) return next(http);
        http.Response.StatusCode = 429;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers.Connection = "close";
        return http.Response.WriteAsync("Too many connections; the limit is Registry:Limits:ConnectionsMax", http.RequestAborted);
    }

    private sealed class Surplus;
}
