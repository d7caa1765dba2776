using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Quintet.ConfigServer.Properties;

/// <summary>
/// Reads YAML into trees. Works on parser events instead of a ready object model, so that depth, aliases and duplicate keys are judged by
/// us, each with its line. Merge keys (<c>&lt;&lt;</c>) are followed, as YAML 1.1 has them.
/// </summary>
internal sealed class YamlReader
{
    private const string MergeKey = "<<";

    private readonly Parser parser;
    private readonly ReadLimits limits;
    private readonly Dictionary<AnchorName, PropertyNode?> anchors = [];
    private int mergedEntries;

    private YamlReader(string text, ReadLimits limits)
    {
        parser = new Parser(new StringReader(text));
        this.limits = limits;
    }

    /// <summary>The documents that are not empty, each with its number.</summary>
    public static IReadOnlyList<PropertyNode> Read(string text, ReadLimits limits)
    {
        YamlReader reader = new(text, limits);
        try
        {
            return reader.ReadStream();
        }
        catch (YamlException fault)
        {
            throw new PropertyFileException(Math.Min((int)fault.End.Line, LinesOf(text)), WithoutPosition(fault));
        }
        catch (Exception fault)
            when (fault is InvalidOperationException or ArgumentException or FormatException or NullReferenceException or IndexOutOfRangeException)
        {
            // The parser throws these for some malformed texts (an unclosed "[" before a key is one). The text is at fault all the same, and
            // must not stop the loop that reads it.
            throw new PropertyFileException(Math.Min((int)(reader.parser.Current?.End.Line ?? 0), LinesOf(text)), "this is not well-formed YAML");
        }
    }

    private static int LinesOf(string text) => text.AsSpan().TrimEnd('\n').Count('\n') + 1;

    private List<PropertyNode> ReadStream()
    {
        List<PropertyNode> documents = [];
        parser.Consume<StreamStart>();
        while (parser.TryConsume<DocumentStart>(out _))
        {
            anchors.Clear();
            PropertyNode root = ReadNode(1);
            parser.Consume<DocumentEnd>();
            if (root is not ScalarNode { Value: null }) documents.Add(root);
        }

        return documents;
    }

    private PropertyNode ReadNode(int depth)
    {
        ParsingEvent next = parser.Current ?? throw new PropertyFileException(0, "the file ends too early");
        if (depth > limits.DepthMax) throw new PropertyFileException(Line(next), $"nested deeper than {limits.DepthMax}");

        parser.MoveNext();
        switch (next)
        {
            case AnchorAlias alias:
                return Followed(alias);
            case Scalar scalar:
                return Anchored(scalar.Anchor, Typed(scalar));
            case SequenceStart sequence:
                Announce(sequence.Anchor);
                return Anchored(sequence.Anchor, ReadList(sequence, depth));
            case MappingStart mapping:
                Announce(mapping.Anchor);
                return Anchored(mapping.Anchor, ReadMap(mapping, depth));
            default:
                throw new PropertyFileException(Line(next), "a value is missing");
        }
    }

    private ListNode ReadList(SequenceStart start, int depth)
    {
        List<PropertyNode> items = [];
        while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode(depth + 1));
        return new ListNode(items, Line(start), Column(start));
    }

    private MapNode ReadMap(MappingStart start, int depth)
    {
        List<KeyValuePair<string, PropertyNode>> entries = [];
        HashSet<string> keys = new(StringComparer.Ordinal);
        List<KeyValuePair<string, PropertyNode>> merged = [];
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            ParsingEvent at = parser.Current ?? throw new PropertyFileException(0, "the file ends too early");
            bool isMerge = at is Scalar { Style: ScalarStyle.Plain, Value: MergeKey };
            string key = KeyOf(ReadNode(depth + 1), at);
            PropertyNode value = ReadNode(depth + 1);
            if (isMerge) Merge(value, merged);
            else if (keys.Add(key)) entries.Add(new(key, value));
            else throw new PropertyFileException(Line(at), $"the key '{key}' occurs twice");
        }

        // What the map says itself wins over what it merges, wherever the merge key stands.
        entries.InsertRange(0, merged.Where(entry => keys.Add(entry.Key)));
        return new MapNode(entries, Line(start), Column(start));
    }

    /// <summary>A key that is not text becomes <c>[8080]</c>; it is then appended to the name without a dot.</summary>
    private static string KeyOf(PropertyNode key, ParsingEvent at) => key switch
    {
        ScalarNode { Value: { Kind: ScalarKind.Text } text } => text.Text,
        ScalarNode { Value: { } other } => $"[{other.Text}]",
        ScalarNode => "[null]",
        _ => throw new PropertyFileException(Line(at), "a key must be a scalar"),
    };

    private void Merge(PropertyNode value, List<KeyValuePair<string, PropertyNode>> merged)
    {
        IReadOnlyList<PropertyNode> maps = value is ListNode list ? list.Items : [value];
        foreach (PropertyNode item in maps)
        {
            if (item is not MapNode map) throw new PropertyFileException(value.Line, "only a map, or a list of maps, can be merged with '<<'");
            mergedEntries += map.Entries.Count;
            if (mergedEntries > limits.PropertiesMax) throw new PropertyFileException(value.Line, $"more than {limits.PropertiesMax} merged properties");
            merged.AddRange(map.Entries);
        }
    }

    private PropertyNode Followed(AnchorAlias alias)
    {
        if (!anchors.TryGetValue(alias.Value, out PropertyNode? target)) throw new PropertyFileException(Line(alias), $"unknown anchor '{alias.Value}'");
        return target ?? throw new PropertyFileException(Line(alias), $"the alias '{alias.Value}' stands inside what it names");
    }

    private void Announce(AnchorName anchor)
    {
        if (!anchor.IsEmpty) anchors[anchor] = null; // known but unfinished: an alias to it would be a circle
    }

    private PropertyNode Anchored(AnchorName anchor, PropertyNode node)
    {
        if (!anchor.IsEmpty) anchors[anchor] = node;
        return node;
    }

    private static ScalarNode Typed(Scalar scalar)
    {
        bool isText = scalar.Style != ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag.Value is "tag:yaml.org,2002:str" or "!");
        return new ScalarNode(isText ? PropertyValue.Of(scalar.Value) : YamlScalars.Resolve(scalar.Value), Line(scalar), Column(scalar));
    }

    private static int Line(ParsingEvent at) => (int)at.Start.Line;

    private static int Column(ParsingEvent at) => (int)at.Start.Column;

    // The parser's message begins with its position, which is reported in a field of its own.
    private static string WithoutPosition(YamlException fault)
    {
        int end = fault.Message.IndexOf("): ", StringComparison.Ordinal);
        return fault.Message.StartsWith('(') && end > 0 ? fault.Message[(end + 3)..] : fault.Message;
    }
}
