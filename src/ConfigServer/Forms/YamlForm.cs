using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Quintet.ConfigServer.Properties;

namespace Quintet.ConfigServer.Forms;

/// <summary>
/// Writes a tree as block-style YAML that YAML 1.1 and 1.2 readers understand alike: whatever one of them could take for something else
/// than text is quoted.
/// </summary>
internal sealed partial class YamlForm
{
    private const string Step = "  ";

    // Readers need not look further than 1,024 characters for the colon behind a key (YAML 1.2 §7.4).
    private const int SimpleKeyMax = 1000;

    private readonly StringBuilder text = new();

    /// <summary>The document; a single key <c>document</c> stands for a root that is not a map and is taken off again.</summary>
    public static string Write(MapNode root)
    {
        YamlForm form = new();
        PropertyNode top = root.Entries is [{ Key: Flattening.RootName, Value: var only }] ? only : root;
        switch (top)
        {
            case MapNode { Entries.Count: 0 }:
                form.text.Append("{}\n");
                break;
            case MapNode map:
                form.WriteMap(map, "", isPlaced: true);
                break;
            case ListNode list:
                form.WriteList(list, "", isPlaced: true);
                break;
            case ScalarNode scalar:
                form.text.Append(Scalar(scalar.Value)).Append('\n');
                break;
        }

        return form.text.ToString();
    }

    /// <param name="map">Has entries.</param>
    /// <param name="indent">Before every line.</param>
    /// <param name="isPlaced">The first line has its indent already: it stands behind a dash.</param>
    private void WriteMap(MapNode map, string indent, bool isPlaced)
    {
        foreach ((string key, PropertyNode value) in map.Entries)
        {
            if (!isPlaced) text.Append(indent);
            isPlaced = false;
            string written = Text(key);
            if (written.Length > SimpleKeyMax) text.Append("? ").Append(written).Append('\n').Append(indent).Append(':');
            else text.Append(written).Append(':');
            WriteBehindKey(value, indent);
        }
    }

    private void WriteBehindKey(PropertyNode value, string indent)
    {
        switch (value)
        {
            case MapNode map:
                text.Append('\n');
                WriteMap(map, indent + Step, isPlaced: false);
                break;
            case ListNode list:
                text.Append('\n');
                WriteList(list, indent, isPlaced: false);
                break;
            case ScalarNode scalar:
                text.Append(' ').Append(Scalar(scalar.Value)).Append('\n');
                break;
        }
    }

    private void WriteList(ListNode list, string indent, bool isPlaced)
    {
        foreach (PropertyNode item in list.Items)
        {
            if (!isPlaced) text.Append(indent);
            isPlaced = false;
            text.Append("- ");
            if (item is MapNode map) WriteMap(map, indent + Step, isPlaced: true);
            else if (item is ListNode inner) WriteList(inner, indent + Step, isPlaced: true);
            else text.Append(Scalar(((ScalarNode)item).Value)).Append('\n');
        }
    }

    private static string Scalar(PropertyValue? value) => value switch
    {
        null => "null",
        { Kind: ScalarKind.Text } written => Text(written.Text),
        { } typed => typed.Text,
    };

    private static string Text(string value)
    {
        if (Plain().IsMatch(value) && YamlScalars.IsPlainText(value) && !LooksTyped().IsMatch(value)) return value;
        return value.All(IsPrintable) ? $"'{value.Replace("'", "''", StringComparison.Ordinal)}'" : DoubleQuoted(value);
    }

    private static bool IsPrintable(char c) => c is >= ' ' and <= '~' or >= '\u00A0' and not ('\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF');

    private static string DoubleQuoted(string value)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in value)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (c == '\n') quoted.Append("\\n");
            else if (c == '\t') quoted.Append("\\t");
            else if (IsPrintable(c)) quoted.Append(c);
            else quoted.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
        }

        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"^[A-Za-z0-9_/$(](?:[\w./$()+@*&=!?;<>{}\[\]|%^~,-]|:(?=[^\s])|[ ](?=[^\s#]))*\z")]
    private static partial Regex Plain();

    // Dates are dates to many readers, and YAML 1.1 proper has single letters for booleans and leading zeros for octals.
    [GeneratedRegex(@"^(?:\d{4}-\d\d?-\d\d?.*|[yYnN]|[-+]?0o?[0-9]+|[-+]?[0-9][0-9_.eE+-]*)\z")]
    private static partial Regex LooksTyped();
}
