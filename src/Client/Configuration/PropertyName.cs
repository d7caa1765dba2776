using System.Text;

namespace Quintet.Client.Configuration;

/// <summary>Names of properties as the protocol flattens them: dots between names, <c>[0]</c> for list items, <c>[a.b]</c> for odd names.</summary>
internal static class PropertyName
{
    /// <summary>The same place in .NET's configuration, where everything is separated by colons.</summary>
    public static string ToKey(string name)
    {
        StringBuilder key = new(name.Length);
        bool isInBrackets = false;
        foreach (char c in name)
        {
            if (c == '[' && !isInBrackets)
            {
                isInBrackets = true;
                if (key.Length > 0 && key[^1] != ':') key.Append(':');
            }
            else if (c == ']' && isInBrackets) isInBrackets = false;
            else if (c == '.' && !isInBrackets) key.Append(':');
            else key.Append(c);
        }

        return key.ToString();
    }

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
