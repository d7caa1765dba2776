using System.Globalization;

namespace Quintet.Manifest;

/// <summary>Takes values of the wanted kind out of YAML and reports what is of another kind.</summary>
internal sealed class YamlValues(ManifestFaults faults)
{
    public YamlMap? Map(YamlNode node, string path)
    {
        if (node is YamlMap map) return map;
        if (node is YamlScalar { IsNull: true }) return new YamlMap(node.Line, node.Column, []);
        faults.Add(node.Line, $"{path}: expected keys and values");
        return null;
    }

    /// <summary>The entries whose key is known and new; the others are reported.</summary>
    public IEnumerable<KeyValuePair<YamlScalar, YamlNode>> Entries(YamlMap map, string path, IReadOnlyCollection<string>? known)
    {
        Dictionary<string, int> seen = [];
        foreach (KeyValuePair<YamlScalar, YamlNode> entry in map.Entries)
        {
            (string key, int line) = (entry.Key.Text, entry.Key.Line);
            string full = path.Length == 0 ? key : $"{path}.{key}";
            if (known is not null && !known.Contains(key)) faults.Add(line, $"{full}: unknown key{Suggestion.For(key, known)}");
            else if (!seen.TryAdd(key, line)) faults.Add(line, $"{full}: stands there twice; first in line {seen[key]}");
            else yield return entry;
        }
    }

    public string? Text(YamlNode node, string path)
    {
        if (node is YamlScalar { IsNull: false } scalar)
        {
            if (!scalar.Text.Contains('\0', StringComparison.Ordinal)) return scalar.Text;
            faults.Add(node.Line, $"{path}: holds a NUL character");
            return null;
        }

        faults.Add(node.Line, $"{path}: expected a text");
        return null;
    }

    public string? Name(YamlNode node, string path)
    {
        if (Text(node, path) is not { } text) return null;
        if (ManifestKeys.NamePattern.IsMatch(text)) return text;
        faults.Add(node.Line, $"{path}: '{text}' is no name; small letters, digits and '-', beginning with a letter, at most 40 characters");
        return null;
    }

    public int? Number(YamlNode node, string path, int least, int most)
    {
        if (node is YamlScalar { IsPlain: true } scalar
            && int.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number >= least && number <= most)
            return number;
        string found = node is YamlScalar text ? $"'{text.Text}'" : "this";
        faults.Add(node.Line, $"{path}: {found} is not a whole number from {least} to {most}");
        return null;
    }

    /// <summary>A list of texts; one text alone stands for a list of one.</summary>
    public IReadOnlyList<YamlScalar> Texts(YamlNode node, string path)
    {
        if (node is YamlScalar single) return single.IsNull ? [] : [single];
        if (node is not YamlList list)
        {
            faults.Add(node.Line, $"{path}: expected a list");
            return [];
        }

        List<YamlScalar> texts = [];
        foreach (YamlNode item in list.Items)
            if (Text(item, path) is not null) texts.Add((YamlScalar)item);
        return texts;
    }
}
