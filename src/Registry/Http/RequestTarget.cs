using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Quintet.Registry.Http;

/// <summary>
/// Path and query of a request, decoded exactly once from the bytes the client sent. The server's own decoded path will not do: it
/// leaves <c>%2F</c> as it is, and clients write keys with it.
/// </summary>
internal sealed class RequestTarget
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<KeyValuePair<string, string>> _query;

    private RequestTarget(string path, List<KeyValuePair<string, string>> query) => (Path, _query) = (path, query);

    public string Path { get; }

    public IReadOnlyList<KeyValuePair<string, string>> Query => _query;

    /// <summary>False when the path is not properly encoded, holds control characters, or has segments that a router might fold.</summary>
    public static bool TryParse(string rawTarget, [NotNullWhen(true)] out RequestTarget? target, out string fault)
    {
        target = null;
        fault = "";
        if (!rawTarget.StartsWith('/')) rawTarget = Uri.TryCreate(rawTarget, UriKind.Absolute, out _) ? AfterAuthority(rawTarget) : "/";
        int mark = rawTarget.IndexOf('?', StringComparison.Ordinal);
        string rawPath = mark < 0 ? rawTarget : rawTarget[..mark];
        if (!TryDecode(rawPath, plusIsBlank: false, out string? path) || path.Any(IsForbidden)) return false;
        if (HasFoldingSegment(path))
        {
            fault = "the path has an empty, '.' or '..' segment; write it without";
            return false;
        }

        target = new RequestTarget(path, mark < 0 ? [] : ParseQuery(rawTarget[(mark + 1)..]));
        return true;
    }

    /// <summary>Whether the parameter is there, whatever its value: <c>recurse=false</c> counts.</summary>
    public bool Has(string name) => _query.Any(pair => pair.Key == name);

    /// <summary>The parameter's first value; null when it is not there.</summary>
    public string? Value(string name)
    {
        foreach ((string key, string value) in _query)
            if (key == name) return value;
        return null;
    }

    public IEnumerable<string> Values(string name) => _query.Where(pair => pair.Key == name).Select(pair => pair.Value);

    private static string AfterAuthority(string absolute)
    {
        int path = absolute.IndexOf('/', absolute.IndexOf("//", StringComparison.Ordinal) + 2);
        return path < 0 ? "/" : absolute[path..];
    }

    private static List<KeyValuePair<string, string>> ParseQuery(string raw)
    {
        List<KeyValuePair<string, string>> pairs = [];
        foreach (string part in raw.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? part : part[..equals];
            string value = equals < 0 ? "" : part[(equals + 1)..];
            if (TryDecode(name, plusIsBlank: true, out string? key) && TryDecode(value, plusIsBlank: true, out string? text)) pairs.Add(new(key, text));
        }

        return pairs;
    }

    private static bool TryDecode(string raw, bool plusIsBlank, [NotNullWhen(true)] out string? text)
    {
        text = raw;
        if (!raw.AsSpan().ContainsAny('%', '+')) return true;
        text = null;
        byte[] bytes = Encoding.UTF8.GetBytes(raw);
        int length = 0;
        for (int i = 0; i < bytes.Length; i++, length++)
        {
            if (bytes[i] != '%')
            {
                bytes[length] = plusIsBlank && bytes[i] == '+' ? (byte)' ' : bytes[i];
                continue;
            }

            if (i + 2 >= bytes.Length
                || !byte.TryParse(bytes.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes[length]))
                return false;
            i += 2;
        }

        try
        {
            text = Strict.GetString(bytes, 0, length);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static bool IsForbidden(char c) => char.IsControl(c) || c is '\u2028' or '\u2029';

    /// <summary>
    /// Consul answers such a path with a redirect to the folded one, by which a client that follows it writes another key.
    /// </summary>
    private static bool HasFoldingSegment(string path)
    {
        string[] segments = path.Split('/');
        return segments.Where((segment, i) => segment is "." or ".." || (segment.Length == 0 && i > 0 && i < segments.Length - 1)).Any();
    }
}
