using System.Globalization;

namespace Quintet.ConfigServer.Properties;

/// <summary>
/// Turns a tree into properties by Spring's rules: names joined by dots, list items as <c>name[0]</c>, names in brackets appended without a
/// dot, null and empty collections as the empty text. A document that is not a map stands under the name <c>document</c>.
/// </summary>
internal sealed class Flattening(ReadLimits limits)
{
    public const string RootName = "document";

    private readonly Dictionary<string, Property> properties = new(StringComparer.Ordinal);
    private int visited;

    /// <summary>The properties of one document; a name that occurs twice (<c>a.b</c> beside <c>a: {b}</c>) has its last value.</summary>
    public static IReadOnlyList<Property> Flatten(PropertyNode root, ReadLimits limits)
    {
        Flattening flattening = new(limits);
        if (root is MapNode map) flattening.AddMap("", map, 1);
        else flattening.Add(RootName, root, 1);
        return [.. flattening.properties.Values];
    }

    private void AddMap(string path, MapNode map, int depth)
    {
        foreach ((string key, PropertyNode value) in map.Entries)
        {
            string name = path.Length == 0 ? key : key.StartsWith('[') ? path + key : $"{path}.{key}";
            Add(name, value, depth);
        }
    }

    private void Add(string name, PropertyNode node, int depth)
    {
        // Counting visits, not results: an alias bomb of empty maps would produce nothing and still take forever.
        if (++visited > limits.PropertiesMax) throw new PropertyFileException(node.Line, $"more than {limits.PropertiesMax} properties");
        if (depth > limits.DepthMax) throw new PropertyFileException(node.Line, $"nested deeper than {limits.DepthMax}");

        switch (node)
        {
            case ScalarNode scalar:
                Put(name, scalar.Value ?? PropertyValue.Empty, node);
                break;
            case ListNode { Items.Count: 0 } or MapNode { Entries.Count: 0 }:
                Put(name, PropertyValue.Empty, node);
                break;
            case ListNode list:
                foreach ((int index, PropertyNode item) in list.Items.Index())
                    Add($"{name}[{index.ToString(CultureInfo.InvariantCulture)}]", item, depth + 1);
                break;
            case MapNode map:
                AddMap(name, map, depth + 1);
                break;
        }
    }

    private void Put(string name, PropertyValue value, PropertyNode node)
    {
        properties.Remove(name); // so that a repeated name also moves to the end
        properties.Add(name, new Property(name, value, node.Line, node.Column));
    }
}
