using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Quintet.Gateway.Limits;

/// <summary>
/// Ends a request that comes back to this gateway by itself: an instance registered under the gateway's own address would
/// otherwise have it call itself until every connection is taken (RFC 8586, CDN-Loop).
/// </summary>
internal static class Loop
{
    private const string Header = "CDN-Loop";

    // Only this process: a service may well call another one through the gateway, if it does not copy all headers it got.
    private static readonly string Mark = $"quintet-gateway; id={Guid.NewGuid():N}";

    public static bool IsClosed(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(Header, out StringValues marks)) return false;
        foreach (string? mark in marks)
            if (mark?.Contains(Mark, StringComparison.Ordinal) is true) return true;
        return false;
    }

    public static void Set(HttpRequestMessage forwarded) => forwarded.Headers.TryAddWithoutValidation(Header, Mark);
}
