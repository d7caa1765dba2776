namespace Quintet.Gateway.Limits;

/// <summary>
/// Judges the target of a request as it came over the wire. What two programs can read differently - where a segment ends, which folder
/// <c>..</c> means - is refused, since the gateway and a service behind it would not agree on what was asked for.
/// </summary>
internal static class RequestTarget
{
    /// <summary>What is wrong with the path of <paramref name="rawTarget"/>, or null.</summary>
    public static string? Fault(string rawTarget)
    {
        ReadOnlySpan<char> path = PathOf(rawTarget);
        for (int at = 0; at < path.Length; at++)
        {
            char c = path[at];
            if (c is '\\') return "the path holds a backslash";
            if (c is < ' ' or '\x7f') return "the path holds a control character";
            if (c is not '%') continue;
            if (at + 2 >= path.Length || !char.IsAsciiHexDigit(path[at + 1]) || !char.IsAsciiHexDigit(path[at + 2]))
                return "the path holds an incomplete escape";
            int escaped = Convert.FromHexString(path.Slice(at + 1, 2))[0];
            if (escaped is '/') return "the path holds an escaped slash";
            if (escaped is '\\') return "the path holds an escaped backslash";
            if (escaped is < ' ' or 0x7f) return "the path holds an escaped control character";
        }

        foreach (Range range in path.Split('/'))
            if (IsDots(path[range])) return "the path holds a dot segment";
        return null;
    }

    // RFC 9112 §3.2: origin form, absolute form (http://host/path) or the asterisk.
    private static ReadOnlySpan<char> PathOf(string rawTarget)
    {
        ReadOnlySpan<char> target = rawTarget;
        if (!target.StartsWith("/") && target.IndexOf("://") is >= 0 and int scheme)
        {
            target = target[(scheme + 3)..];
            int slash = target.IndexOf('/');
            target = slash < 0 ? default : target[slash..];
        }

        int query = target.IndexOf('?');
        return query < 0 ? target : target[..query];
    }

    // Also "..;x", which Java servers cut at the semicolon, and "%2e".
    private static bool IsDots(ReadOnlySpan<char> segment)
    {
        int semicolon = segment.IndexOf(';');
        if (semicolon >= 0) segment = segment[..semicolon];
        int dots = 0;
        while (segment.Length > 0)
        {
            if (segment[0] == '.') segment = segment[1..];
            else if (segment.StartsWith("%2e", StringComparison.OrdinalIgnoreCase)) segment = segment[3..];
            else return false;
            dots++;
        }

        return dots is 1 or 2;
    }
}
