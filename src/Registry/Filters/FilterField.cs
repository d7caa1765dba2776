namespace Quintet.Registry.Filters;

internal enum FilterKind
{
    Text,
    Number,
    Flag,
    List,
    Map,
}

/// <summary>
/// Something of a row that a filter may ask about. Values are <see cref="string"/>, <see cref="long"/>, <see cref="bool"/>, a list or a map of
/// strings. Most fields have one; a field of many things, such as the status of checks, has many, and any of them may match.
/// </summary>
internal sealed record FilterField<TRow>(FilterKind Kind, Func<TRow, IEnumerable<object>> ValuesOf)
{
    public static FilterField<TRow> Text(Func<TRow, string> value) => new(FilterKind.Text, row => [value(row)]);

    public static FilterField<TRow> Number(Func<TRow, long> value) => new(FilterKind.Number, row => [value(row)]);

    public static FilterField<TRow> Flag(Func<TRow, bool> value) => new(FilterKind.Flag, row => [value(row)]);

    public static FilterField<TRow> List(Func<TRow, IReadOnlyCollection<string>> value) => new(FilterKind.List, row => [value(row)]);

    public static FilterField<TRow> Map(Func<TRow, IReadOnlyDictionary<string, string>?> value) =>
        new(FilterKind.Map, row => [value(row) ?? System.Collections.Immutable.ImmutableDictionary<string, string>.Empty]);
}
