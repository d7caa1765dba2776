namespace Quintet.ConfigServer.Properties;

/// <summary>Names of properties as flattening makes them: <c>servers[0].host</c>, <c>levels[a.b]</c>.</summary>
internal static class PropertyName
{
    /// <summary>The list that a name is an item of (<c>servers</c> for <c>servers[0].host</c>), or null when it is of none.</summary>
    public static string? ListOf(string name)
    {
        int close = -1; // looked for again only once passed: a name of brackets alone must not take quadratic time
        for (int open = name.IndexOf('[', StringComparison.Ordinal); open >= 0; open = name.IndexOf('[', open + 1))
        {
            if (close < open) close = name.IndexOf(']', open);
            if (close < 0) return null;
            if (close > open + 1 && name.AsSpan(open + 1, close - open - 1).IndexOfAnyExceptInRange('0', '9') < 0) return name[..open];
        }

        return null;
    }
}
