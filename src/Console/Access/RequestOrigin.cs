using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Quintet.Hosting.Listening;

namespace Quintet.Console.Access;

/// <summary>
/// Refuses what another site made the browser send: under a foreign name that resolves to this machine (DNS rebinding), or across sites. A
/// session's cookie is SameSite=Strict besides; this holds for what needs none, too.
/// </summary>
internal sealed class RequestOrigin(RequestDelegate next, IOptions<ConsoleOptions> options)
{
    private const string AnyHost = "*";

    private readonly HashSet<string> _hosts = new(
        [.. options.Value.Bind == ListenExtensions.Loopback ? ["localhost", "127.0.0.1", "[::1]"] : Array.Empty<string>(), .. options.Value.Access.Hosts],
        StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        // A probe names whatever address it has; health tells nothing that a name protects.
        if (!request.Path.StartsWithSegments("/health") && !_hosts.Contains(AnyHost) && !_hosts.Contains(request.Host.Host))
            return AccessProblems.WrongHost(context);
        return IsCrossSite(request) ? AccessProblems.CrossSite(context) : next(context);
    }

    /// <summary>Browsers tell the origin of every request that is no plain navigation, websockets included; other programs tell none.</summary>
    private static bool IsCrossSite(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        if (origin.Length == 0) return false;
        return !Uri.TryCreate(origin, UriKind.Absolute, out Uri? from)
            || !string.Equals(from.Authority, AuthorityOf(request), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Without the port where it is the scheme's own, as an origin has it.</summary>
    private static string AuthorityOf(HttpRequest request) =>
        request.Host.Port is 80 or 443 ? request.Host.Host : request.Host.Value ?? "";
}
