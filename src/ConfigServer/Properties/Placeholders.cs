using System.Text;

namespace Quintet.ConfigServer.Properties;

/// <summary>Placeholders grow without end.</summary>
internal sealed class PlaceholderException(string message) : Exception(message);

/// <summary>
/// Resolves <c>${name}</c> and <c>${name:default}</c> against the environment itself, inner placeholders first. What cannot be resolved, or
/// leads back to itself, stays as it is written; <c>\${</c> stands for a literal <c>${</c>.
/// </summary>
internal sealed class Placeholders
{
    // A chain of values or a nest of braces deeper than this is left unresolved; it also bounds the stack.
    private const int DepthMax = 64;
    private const int StepCost = 16;

    private readonly IReadOnlyDictionary<string, PropertyValue> properties;
    private readonly int expandedMax;
    private readonly HashSet<string> open = new(StringComparer.Ordinal);
    private int left;

    private Placeholders(IReadOnlyDictionary<string, PropertyValue> properties, int expandedMax)
    {
        this.properties = properties;
        this.expandedMax = expandedMax;
        left = expandedMax;
    }

    /// <summary>All properties with their placeholders resolved.</summary>
    /// <param name="properties">The environment, merged.</param>
    /// <param name="expandedMax">How many characters all values together may take; nested placeholders double with each level.</param>
    /// <exception cref="PlaceholderException">They take more.</exception>
    public static SortedDictionary<string, PropertyValue> Resolve(SortedDictionary<string, PropertyValue> properties, int expandedMax) =>
        new Placeholders(properties, expandedMax).ResolveAll(properties);

    /// <summary>The same for sources that stay apart, resolved against what they are together.</summary>
    public static IReadOnlyList<PropertySource> Resolve(IReadOnlyList<PropertySource> sources, int expandedMax)
    {
        Placeholders placeholders = new(MergedProperties.Of(sources), expandedMax);
        return [.. sources.Select(source => source with
        {
            Properties = [.. source.Properties.Select(property => property with { Value = placeholders.Resolved(property.Name, property.Value) })],
        })];
    }

    private SortedDictionary<string, PropertyValue> ResolveAll(SortedDictionary<string, PropertyValue> all)
    {
        SortedDictionary<string, PropertyValue> resolved = new(all.Comparer);
        foreach ((string name, PropertyValue value) in all) resolved.Add(name, Resolved(name, value));
        return resolved;
    }

    private PropertyValue Resolved(string name, PropertyValue value)
    {
        if (!value.Text.Contains("${", StringComparison.Ordinal)) return value;
        open.Clear();
        open.Add(name);
        return value with { Text = Expand(value.Text, 0) };
    }

    private string Expand(string text, int depth)
    {
        Spend(text.Length + StepCost);
        if (depth > DepthMax) return text;

        StringBuilder expanded = new(text.Length);
        int from = 0;
        while (text.IndexOf("${", from, StringComparison.Ordinal) is var start && start >= 0)
        {
            bool isEscaped = start > from && text[start - 1] == '\\';
            int end = isEscaped ? -1 : EndOf(text, start + 2);
            if (!isEscaped && end < 0) break; // never closed: the rest is literal
            expanded.Append(text, from, (isEscaped ? start - 1 : start) - from);
            if (isEscaped) expanded.Append("${");
            else expanded.Append(ValueOf(text[(start + 2)..end], depth));
            from = isEscaped ? start + 2 : end + 1;
        }

        return expanded.Append(text, from, text.Length - from).ToString();
    }

    private string ValueOf(string body, int depth)
    {
        string inner = Expand(body, depth + 1);
        if (Lookup(inner, depth) is { } whole) return whole;

        int colon = inner.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) return $"${{{inner}}}";
        return Lookup(inner[..colon], depth) ?? inner[(colon + 1)..];
    }

    private string? Lookup(string name, int depth)
    {
        if (!properties.TryGetValue(name, out PropertyValue value)) return null;
        if (!open.Add(name)) return $"${{{name}}}"; // it leads back to itself
        string text = Expand(value.Text, depth + 1);
        open.Remove(name);
        return text;
    }

    /// <summary>The brace that closes a placeholder; braces inside it are counted.</summary>
    private static int EndOf(string text, int from)
    {
        int nested = 0;
        for (int i = from; i < text.Length; i++)
        {
            if (text[i] == '{') nested++;
            else if (text[i] == '}' && nested-- == 0) return i;
        }

        return -1;
    }

    private void Spend(int characters)
    {
        left -= characters;
        if (left < 0) throw new PlaceholderException($"the placeholders expand to more than {expandedMax} characters");
    }
}
