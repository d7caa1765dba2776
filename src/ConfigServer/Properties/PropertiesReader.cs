using System.Globalization;
using System.Text;

namespace Quintet.ConfigServer.Properties;

/// <summary>
/// Reads .properties files: <c>=</c>, <c>:</c> or blanks between key and value, <c>#</c> and <c>!</c> comments, a backslash at the end of a line
/// to continue it, escapes, and <c>#---</c> between documents. Every value is text, and the last of equal keys wins.
/// </summary>
internal sealed class PropertiesReader
{
    private readonly string[] lines;
    private readonly ReadLimits limits;
    private int next;

    private PropertiesReader(string text, ReadLimits limits)
    {
        lines = text.ReplaceLineEndings("\n").Split('\n');
        this.limits = limits;
    }

    public static IReadOnlyList<IReadOnlyList<Property>> Read(string text, ReadLimits limits) => new PropertiesReader(text, limits).ReadDocuments();

    private List<IReadOnlyList<Property>> ReadDocuments()
    {
        List<IReadOnlyList<Property>> documents = [];
        Dictionary<string, Property> current = new(StringComparer.Ordinal);
        int count = 0;
        while (next < lines.Length)
        {
            int number = next + 1;
            string start = lines[next].TrimStart(' ', '\t', '\f');
            if (lines[next].TrimEnd() is "#---" or "!---")
            {
                documents.Add([.. current.Values]);
                current = new(StringComparer.Ordinal);
                next++;
            }
            else if (start.Length == 0 || start[0] is '#' or '!') next++;
            else
            {
                if (++count > limits.PropertiesMax) throw new PropertyFileException(number, $"more than {limits.PropertiesMax} properties");
                (string key, string value) = Split(LogicalLine(), number);
                current.Remove(key);
                current.Add(key, new Property(key, PropertyValue.Of(value), number, 1));
            }
        }

        documents.Add([.. current.Values]);
        return [.. documents.Where(document => document.Count > 0)];
    }

    /// <summary>One line with its continuations, still escaped. An odd number of backslashes at its end continues a line.</summary>
    private string LogicalLine()
    {
        StringBuilder line = new();
        while (next < lines.Length)
        {
            string part = lines[next++].TrimStart(' ', '\t', '\f');
            int backslashes = part.Length - part.TrimEnd('\\').Length;
            if (backslashes % 2 == 0) return line.Append(part).ToString();
            line.Append(part, 0, part.Length - 1);
        }

        return line.ToString();
    }

    private static (string Key, string Value) Split(string line, int number)
    {
        int end = 0;
        while (end < line.Length && line[end] is not ('=' or ':' or ' ' or '\t' or '\f')) end += line[end] == '\\' ? 2 : 1;
        end = Math.Min(end, line.Length);

        int start = SkipBlanks(line, end);
        if (start < line.Length && line[start] is '=' or ':') start = SkipBlanks(line, start + 1);
        return (Unescape(line[..end], number), Unescape(line[start..], number));
    }

    private static int SkipBlanks(string line, int from)
    {
        while (from < line.Length && line[from] is ' ' or '\t' or '\f') from++;
        return from;
    }

    private static string Unescape(string text, int number)
    {
        if (!text.Contains('\\', StringComparison.Ordinal)) return text;
        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\') plain.Append(text[i]);
            else if (++i == text.Length) break; // a lone backslash at the very end of the file stands for nothing
            else if (text[i] == 'u')
            {
                plain.Append(CodeUnit(text, i + 1, number));
                i += 4;
            }
            else plain.Append(text[i] switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', char other => other });
        }

        return plain.ToString();
    }

    private static char CodeUnit(string text, int at, int number) =>
        at + 4 <= text.Length && ushort.TryParse(text.AsSpan(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit)
            ? (char)unit
            : throw new PropertyFileException(number, "\\u must be followed by four hexadecimal digits");
}
