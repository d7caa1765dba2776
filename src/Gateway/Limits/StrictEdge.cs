using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Quintet.Gateway.Errors;

namespace Quintet.Gateway.Limits;

/// <summary>
/// Refuses what a service could read differently than the gateway did (request smuggling, RFC 9112 §11.2), and takes away headers that
/// are not the client's to send. Kestrel refuses much before: bad request lines, two Content-Lengths, a missing or double Host.
/// </summary>
internal sealed class StrictEdge(RequestDelegate next, IOptions<GatewayOptions> options)
{
    private readonly LimitOptions _limits = options.Value.Limits;

    public Task InvokeAsync(HttpContext context)
    {
        if (Judge(context) is var (fault, detail))
        {
            // What follows on this connection cannot be trusted to begin where it seems to.
            string protocol = context.Request.Protocol;
            if (HttpProtocol.IsHttp11(protocol) || HttpProtocol.IsHttp10(protocol)) context.Response.OnStarting(CloseAsync, context.Response);
            return GatewayProblem.WriteAsync(context, fault, detail);
        }

        Clean(context.Request.Headers);
        return next(context);
    }

    private (GatewayFault Fault, string? Detail)? Judge(HttpContext context)
    {
        HttpRequest request = context.Request;
        IHeaderDictionary headers = request.Headers;
        if (headers.TryGetValue("Transfer-Encoding", out StringValues coding))
        {
            // Kestrel lets Transfer-Encoding win and renames the Content-Length beside it (RFC 9112 §6.3); a server behind may choose otherwise.
            if (headers.ContainsKey("X-Content-Length") || headers.ContentLength is not null)
                return (GatewayFault.BadRequest, "both Transfer-Encoding and Content-Length");
            if (!HttpProtocol.IsHttp11(request.Protocol)) return (GatewayFault.BadRequest, "Transfer-Encoding is of HTTP/1.1 alone");
            if (coding.Count != 1 || !string.Equals(coding[0], "chunked", StringComparison.OrdinalIgnoreCase))
                return (GatewayFault.UnknownCoding, "only 'chunked' is understood");
        }

        bool isWebSocket = context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect is true; // RFC 8441
        if (HttpMethods.IsTrace(request.Method) || (HttpMethods.IsConnect(request.Method) && !isWebSocket))
            return (GatewayFault.MethodRefused, null);
        if (RequestTarget.Fault(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget) is { } target) return (GatewayFault.BadRequest, target);
        if (Loop.IsClosed(headers)) return (GatewayFault.Loop, null);
        return BytesOf(headers) > _limits.HeaderBytesMax ? (GatewayFault.HeadersTooLarge, $"more than {_limits.HeaderBytesMax} bytes") : null;
    }

    private static long BytesOf(IHeaderDictionary headers)
    {
        long bytes = 0;
        foreach ((string name, StringValues values) in headers)
            foreach (string? value in values) bytes += name.Length + (value?.Length ?? 0) + 4; // colon, blank, CR, LF
        return bytes;
    }

    private static void Clean(IHeaderDictionary headers)
    {
        // What Connection names is between the client and this gateway (RFC 9110 §7.6.1); what it must not name is kept. Kestrel hides the
        // names that stand beside a single close, keep-alive or upgrade, so those headers pass.
        foreach (string? list in headers.Connection)
            foreach (string name in list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [])
                if (!IsNeeded(name)) headers.Remove(name);

        headers.Remove("Forwarded"); // the gateway says where a request is from, in X-Forwarded-*
        headers.Remove("X-Real-IP");
        headers.Remove("Proxy"); // becomes HTTP_PROXY in CGI programs
        headers.Remove("X-Content-Length"); // would look like Kestrel's own
        // '_' and '-' are one in CGI and WSGI, so that X_User would be taken for X-User.
        foreach (string name in headers.Keys.Where(name => name.Contains('_', StringComparison.Ordinal)).ToArray()) headers.Remove(name);
    }

    private static bool IsNeeded(string name) =>
        name.ToUpperInvariant() is "UPGRADE" or "CLOSE" or "KEEP-ALIVE" or "HOST" or "CONTENT-LENGTH" or "TRANSFER-ENCODING" or "AUTHORIZATION";

    private static Task CloseAsync(object response)
    {
        ((HttpResponse)response).Headers.Connection = "close";
        return Task.CompletedTask;
    }
}
