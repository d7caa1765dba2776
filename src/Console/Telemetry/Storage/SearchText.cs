using System.Text;
using System.Text.Json;

namespace Quintet.Console.Telemetry.Storage;

/// <summary>The words of a trace or a log record that are searched for: each value once, numbers included, within a bound.</summary>
internal sealed class SearchText
{
    private const int LengthMax = 32 << 10;

    private readonly HashSet<string> _values = [];
    private readonly StringBuilder _text = new();

    public void Add(string value)
    {
        if (value.Length == 0 || _text.Length + value.Length > LengthMax || !_values.Add(value)) return;
        _text.Append(Searchable(value)).Append('\n');
    }

    /// <summary>Adds the strings and numbers of a JSON text, however deep they are; names of members are not searched.</summary>
    public void AddJson(string? json)
    {
        if (json is null) return;
        Utf8JsonReader reader = new(Encoding.UTF8.GetBytes(json));
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.String) Add(reader.GetString()!);
            else if (reader.TokenType == JsonTokenType.Number) Add(Encoding.UTF8.GetString(reader.ValueSpan));
        }
    }

    public override string ToString() => _text.ToString();

    /// <summary>SQLite ends a text at its first NUL.</summary>
    public static string Searchable(string text) => text.Replace('\0', ' ');

    /// <summary>
    /// What the text index is asked for: every word must be there, the last one may go on. Each word is quoted, so that nothing a user types
    /// is an operator. Null when there is no word.
    /// </summary>
    public static string? ToQuery(string? text)
    {
        string[] words = [.. (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(word => new string([.. word.Where(c => !char.IsControl(c) && !char.IsSurrogate(c))]))
            .Where(word => word.Any(char.IsLetterOrDigit)).Take(16)];
        return words.Length == 0 ? null : string.Join(' ', words.Select(word => $"\"{word.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")) + "*";
    }
}
