using System.Text;
using Quintet.ConfigServer.Properties;

namespace Quintet.ConfigServer.Forms;

/// <summary>
/// Writes properties one a line as <c>name: value</c>, without a final line break and without escapes, as Spring does. Only line breaks are
/// escaped: a value must not be able to add a property.
/// </summary>
internal static class PropertiesForm
{
    public static string Write(IEnumerable<KeyValuePair<string, PropertyValue>> properties)
    {
        StringBuilder text = new();
        foreach ((string name, PropertyValue value) in properties)
        {
            if (text.Length > 0) text.Append('\n');
            text.Append(OneLine(name)).Append(": ").Append(OneLine(value.Text));
        }

        return text.ToString();
    }

    private static string OneLine(string text) =>
        text.AsSpan().IndexOfAny('\r', '\n') < 0
            ? text
            : text.Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
