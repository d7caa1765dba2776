using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Quintet.ConfigServer.Http;

/// <summary>
/// The path of a request as the client sent it. Routing cannot be used for it: <c>%2F</c> must separate nothing and yet become a slash, and
/// <c>..</c> must be refused instead of being resolved before anybody looks.
/// </summary>
internal static class RequestPath
{
    /// <summary>What stands for a slash inside one segment, in this protocol.</summary>
    private const string Slash = "(_)";

    /// <summary>The decoded segments; slashes inside them are real ones.</summary>
    /// <exception cref="RequestRefused">400: the path would leave its place, or cannot be decoded.</exception>
    public static string[] SegmentsOf(HttpContext context)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!target.StartsWith('/'))
            target = Uri.TryCreate(target, UriKind.Absolute, out Uri? absolute) ? absolute.AbsolutePath : "/"; // absolute-form, RFC 9112 §3.2.2
        string path = target.Split('?')[0];
        return [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Decode)];
    }

    private static string Decode(string raw)
    {
        string segment = Uri.UnescapeDataString(raw);
        if (segment.StartsWith(Slash, StringComparison.Ordinal) || segment.StartsWith('/')) throw Refused();
        segment = segment.Replace(Slash, "/", StringComparison.Ordinal);
        bool isUnsafe = segment.Contains("..", StringComparison.Ordinal)
            || segment.AsSpan().IndexOfAny('#', '\\', '\uFFFD') >= 0
            || segment.Contains('%', StringComparison.Ordinal) // encoded twice, or never meant to be
            || segment.Any(char.IsControl);
        return isUnsafe ? throw Refused() : segment;
    }

    private static RequestRefused Refused() =>
        RequestRefused.BadRequest(
            "the path has a part that is not allowed: '..', '#', '\\', a control character, an escape of an escape, or a leading '(_)'");
}
