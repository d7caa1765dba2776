using System.Globalization;
using System.Text.RegularExpressions;

namespace Quintet.Registry.Filters;

/// <summary>
/// The comparisons of a filter. Values are coerced to the field's kind when the filter is read, so that faults show without a row.
/// </summary>
internal static class FilterMatch
{
    public static Predicate<TRow> Equals<TRow>(FilterSelector<TRow> selector, string value, bool isUnequal)
    {
        object wanted = selector.Kind switch
        {
            FilterKind.Text => value,
            FilterKind.Number => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
                ? number
                : throw Uncoercible(selector.Text, value, "ParseInt"),
            FilterKind.Flag => value switch
            {
                "true" or "True" or "TRUE" or "t" or "T" or "1" => true,
                "false" or "False" or "FALSE" or "f" or "F" or "0" => false,
                _ => throw Uncoercible(selector.Text, value, "ParseBool"),
            },
            _ => throw Invalid(selector.Text, isUnequal ? "Not Equal" : "Equal"),
        };
        return row => selector.ValuesOf(row).Any(found => (found is not null && found.Equals(wanted)) != isUnequal);
    }

    public static Predicate<TRow> Contains<TRow>(FilterSelector<TRow> selector, string value, bool isNegated)
    {
        if (selector.Kind is FilterKind.Number or FilterKind.Flag) throw Invalid(selector.Text, isNegated ? "Not In" : "In");
        return row => selector.ValuesOf(row).Any(found => Holds(found, value) != isNegated);
    }

    public static Predicate<TRow> Matches<TRow>(FilterSelector<TRow> selector, string pattern, bool isNegated)
    {
        if (selector.Kind != FilterKind.Text) throw Invalid(selector.Text, isNegated ? "Not Matches" : "Matches");
        Regex regex;
        try
        {
            // Linear in the text, as Go's: a stranger's pattern must not cost more.
            regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            throw new FilterException($"Failed to compile regular expression \"{pattern}\": error parsing regexp: {fault.Message}");
        }

        return row => selector.ValuesOf(row).Any(found => (found is string text && regex.IsMatch(text)) != isNegated);
    }

    public static Predicate<TRow> IsEmpty<TRow>(FilterSelector<TRow> selector, bool isFull)
    {
        if (selector.Kind is not (FilterKind.List or FilterKind.Map)) throw Invalid(selector.Text, isFull ? "Is Not Empty" : "Is Empty");
        return row => selector.ValuesOf(row).Any(found => (CountOf(found) == 0) != isFull);
    }

    private static bool Holds(object? found, string value) => found switch
    {
        string text => text.Contains(value, StringComparison.Ordinal),
        IReadOnlyDictionary<string, string> map => map.ContainsKey(value),
        IReadOnlyCollection<string> list => list.Contains(value),
        _ => false,
    };

    private static int CountOf(object? found) => found switch
    {
        IReadOnlyDictionary<string, string> map => map.Count,
        IReadOnlyCollection<string> list => list.Count,
        _ => 0,
    };

    private static FilterException Invalid(string selector, string operation) =>
        new($"Invalid match operator \"{operation}\" for selector \"{selector}\"");

    private static FilterException Uncoercible(string selector, string value, string function) =>
        new($"Failed to coerce value \"{value}\" for selector \"{selector}\": strconv.{function}: parsing \"{value}\": invalid syntax");
}
