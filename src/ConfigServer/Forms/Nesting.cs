using System.Globalization;
using Quintet.ConfigServer.Properties;

namespace Quintet.ConfigServer.Forms;

/// <summary>
/// Turns flat properties back into a tree, such that flattening the tree gives the same properties again. Where a tree cannot hold them
/// (<c>a</c> beside <c>a.b</c>, list items with a gap, a name with an odd bracket) the flat name, or the rest of it, stays as a key.
/// </summary>
internal sealed class Nesting
{
    // A longer name would only nest deeper than readers of YAML and JSON follow.
    private const int TokensMax = 100;

    private readonly SortedDictionary<string, Nesting> children = new(StringComparer.Ordinal);
    private PropertyValue? value;

    public static MapNode Nest(IEnumerable<KeyValuePair<string, PropertyValue>> properties)
    {
        Nesting root = new();
        foreach ((string name, PropertyValue value) in properties)
        {
            Nesting place = root;
            foreach (string token in Tokens(name) ?? [name]) place = place.Child(token);
            place.value = value;
        }

        return root.ToMap();
    }

    private Nesting Child(string token)
    {
        if (!children.TryGetValue(token, out Nesting? child)) children.Add(token, child = new Nesting());
        return child;
    }

    private PropertyNode ToNode() => children.Count == 0 ? new ScalarNode(value, 0, 0) : (PropertyNode?)ToList() ?? ToMap();

    private MapNode ToMap()
    {
        List<KeyValuePair<string, PropertyNode>> entries = [];
        foreach ((string token, Nesting child) in children) child.AddTo(entries, token);
        return new MapNode(entries, 0, 0);
    }

    private void AddTo(List<KeyValuePair<string, PropertyNode>> entries, string key)
    {
        if (value is null || children.Count == 0)
        {
            entries.Add(new(key, ToNode()));
            return;
        }

        // Both a value and something below it: what is below keeps this key in its own name.
        entries.Add(new(key, new ScalarNode(value, 0, 0)));
        foreach ((string token, Nesting child) in children) child.AddTo(entries, token.StartsWith('[') ? key + token : $"{key}.{token}");
    }

    /// <summary>A list, if the children are the items 0 to n-1 and nothing else; an item with a gap before it must not invent others.</summary>
    private ListNode? ToList()
    {
        if (!children.ContainsKey("[0]")) return null;
        List<PropertyNode> items = [];
        for (int index = 0; index < children.Count; index++)
        {
            if (!children.TryGetValue($"[{index.ToString(CultureInfo.InvariantCulture)}]", out Nesting? item)) return null;
            if (item.value is not null && item.children.Count > 0) return null;
            items.Add(item.ToNode());
        }

        return new ListNode(items, 0, 0);
    }

    /// <summary><c>a.b[0][x.y]</c> → <c>a</c>, <c>b</c>, <c>[0]</c>, <c>[x.y]</c>; null when the name is not of this shape.</summary>
    private static List<string>? Tokens(string name)
    {
        List<string> tokens = [];
        int at = 0;
        while (at < name.Length)
        {
            bool isBracket = name[at] == '[';
            if (!isBracket && tokens.Count > 0)
            {
                if (name[at] != '.') return null; // a letter behind a bracket
                at++;
                if (at < name.Length && name[at] == '[') return null; // ".[x]" would lose its dot
            }

            int end = isBracket ? name.IndexOf(']', at) + 1 : EndOfWord(name, at);
            if (end == 0 || tokens.Count == TokensMax) return null;
            tokens.Add(name[at..end]);
            at = end;
        }

        return tokens.Count == 0 || tokens[0].Length == 0 ? null : tokens;
    }

    private static int EndOfWord(string name, int from)
    {
        int end = name.AsSpan(from).IndexOfAny('.', '[');
        return end < 0 ? name.Length : from + end;
    }
}
