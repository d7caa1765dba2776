using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Quintet.Manifest;

/// <summary>A piece of YAML that knows where it stands, so that a fault can name its line.</summary>
internal abstract record YamlNode(int Line, int Column);

/// <summary>A single value. <paramref name="IsPlain"/> tells an unquoted one, which alone may mean null, a number or a boolean.</summary>
internal sealed record YamlScalar(int Line, int Column, string Text, bool IsPlain) : YamlNode(Line, Column)
{
    public bool IsNull => IsPlain && Text is "" or "~" or "null";
}

/// <summary>A list.</summary>
internal sealed record YamlList(int Line, int Column, IReadOnlyList<YamlNode> Items) : YamlNode(Line, Column);

/// <summary>A map in the order of the file; a key that stands there twice is kept twice, for the reader to report.</summary>
internal sealed record YamlMap(int Line, int Column, IReadOnlyList<KeyValuePair<YamlScalar, YamlNode>> Entries) : YamlNode(Line, Column);

/// <summary>Reads one YAML document into nodes. Anchors and aliases are refused: a manifest is short enough to say things once.</summary>
internal static class YamlTree
{
    // The library's parser recurses nowhere, this reader does; a manifest is four levels deep.
    private const int DepthMax = 32;

    /// <summary>The document's root, or null when the text is empty or not YAML; then a fault says where.</summary>
    public static YamlNode? Read(string text, ManifestFaults faults)
    {
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
            {
                faults.Add(1, "the manifest is empty; it needs at least 'services:'");
                return null;
            }

            parser.Consume<DocumentStart>();
            YamlNode root = ReadNode(parser, faults, 0);
            parser.Consume<DocumentEnd>();
            if (parser.Accept<DocumentStart>(out DocumentStart? second))
                faults.Add((int)second.Start.Line, "only one YAML document is read from a manifest; remove '---' and what follows");
            return root;
        }
        catch (YamlException fault)
        {
            faults.Add((int)fault.Start.Line, $"this is not YAML: {fault.Message}");
            return null;
        }
    }

    private static YamlNode ReadNode(IParser parser, ManifestFaults faults, int depth)
    {
        if (depth > DepthMax) throw new YamlException(parser.Current!.Start, parser.Current.End, $"nested deeper than {DepthMax} levels");
        if (parser.Current is Scalar scalar && parser.MoveNext())
            return new YamlScalar((int)scalar.Start.Line, (int)scalar.Start.Column, scalar.Value, scalar.Style == ScalarStyle.Plain);
        if (parser.Current is AnchorAlias alias && parser.MoveNext())
        {
            faults.Add((int)alias.Start.Line, $"the alias '*{alias.Value}' is not understood here; write the value out");
            return new YamlScalar((int)alias.Start.Line, (int)alias.Start.Column, "", IsPlain: true);
        }

        if (parser.Current is SequenceStart sequence && parser.MoveNext()) return ReadList(parser, sequence, faults, depth);
        return ReadMap(parser, parser.Consume<MappingStart>(), faults, depth);
    }

    private static YamlList ReadList(IParser parser, SequenceStart start, ManifestFaults faults, int depth)
    {
        List<YamlNode> items = [];
        while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode(parser, faults, depth + 1));
        return new YamlList((int)start.Start.Line, (int)start.Start.Column, items);
    }

    private static YamlMap ReadMap(IParser parser, MappingStart start, ManifestFaults faults, int depth)
    {
        List<KeyValuePair<YamlScalar, YamlNode>> entries = [];
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            YamlNode key = ReadNode(parser, faults, depth + 1);
            YamlNode value = ReadNode(parser, faults, depth + 1);
            if (key is YamlScalar name) entries.Add(new(name, value));
            else faults.Add(key.Line, "a key must be a word");
        }

        return new YamlMap((int)start.Start.Line, (int)start.Start.Column, entries);
    }
}
