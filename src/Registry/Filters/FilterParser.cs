namespace Quintet.Registry.Filters;

/// <summary>
/// Reads a filter:
/// <code>
/// or    := and ("or" and)*          match := selector ("==" | "!=") value
/// and   := not ("and" not)*                | value ["not"] "in" selector
/// not   := "not" not | "(" or ")" | match  | selector ["not"] ("contains" | "matches") value
///                                          | selector "is" ["not"] "empty"
/// selector := word ("." word | "[" quoted "]")*
/// </code>
/// into a predicate over rows. Keywords and selectors are case-sensitive.
/// </summary>
internal sealed class FilterParser<TRow>
{
    private const int DepthMax = 100; // nobody writes deeper by hand; the stack is not for strangers to fill

    private readonly List<FilterToken> _tokens;
    private readonly IReadOnlyDictionary<string, FilterField<TRow>> _fields;
    private int _next;
    private int _depth;

    private FilterParser(string filter, IReadOnlyDictionary<string, FilterField<TRow>> fields) =>
        (_tokens, _fields) = (FilterToken.Read(filter), fields);

    private FilterToken Current => _tokens[_next];

    /// <summary>The predicate that <paramref name="filter"/> describes.</summary>
    /// <exception cref="FilterException">It describes none.</exception>
    public static Predicate<TRow> Parse(string filter, IReadOnlyDictionary<string, FilterField<TRow>> fields)
    {
        FilterParser<TRow> parser = new(filter, fields);
        Predicate<TRow> predicate = parser.ReadOr();
        return parser.Current.Kind == FilterTokenKind.End ? predicate : throw FilterException.NoMatch(parser.Current.At);
    }

    private Predicate<TRow> ReadOr()
    {
        if (++_depth > DepthMax) throw new FilterException("the expression is nested too deeply");
        Predicate<TRow> left = ReadAnd();
        while (Take("or"))
        {
            (Predicate<TRow> first, Predicate<TRow> second) = (left, ReadAnd());
            left = row => first(row) || second(row);
        }

        _depth--;
        return left;
    }

    private Predicate<TRow> ReadAnd()
    {
        Predicate<TRow> left = ReadNot();
        while (Take("and"))
        {
            (Predicate<TRow> first, Predicate<TRow> second) = (left, ReadNot());
            left = row => first(row) && second(row);
        }

        return left;
    }

    private Predicate<TRow> ReadNot()
    {
        bool isNegated = false;
        while (Take("not")) isNegated = !isNegated;
        Predicate<TRow> inner;
        if (Current.IsSymbol("("))
        {
            _next++;
            inner = ReadOr();
            if (!Current.IsSymbol(")")) throw FilterException.NoMatch(Current.At);
            _next++;
        }
        else
            inner = ReadMatch();

        return isNegated ? row => !inner(row) : inner;
    }

    private Predicate<TRow> ReadMatch()
    {
        // "value in selector" and "selector … value" begin alike; what follows the first token decides.
        if (Current.Kind == FilterTokenKind.Quoted || IsInNext())
        {
            string value = ReadValue();
            bool isAbsent = Take("not");
            if (!Take("in")) throw FilterException.NoMatch(Current.At);
            return FilterMatch.Contains(ReadSelector(), value, isAbsent);
        }

        List<string> path = ReadPath();
        if (!Current.IsSymbol("==") && !Current.IsSymbol("!=") && Current.Kind != FilterTokenKind.Word)
            throw FilterException.NoMatch(Current.At);
        FilterSelector<TRow> selector = Find(path);
        if (Current.IsSymbol("==") || Current.IsSymbol("!="))
        {
            bool isUnequal = _tokens[_next++].Text == "!=";
            return FilterMatch.Equals(selector, ReadValue(), isUnequal);
        }

        if (Take("is"))
        {
            bool isFull = Take("not");
            if (!Take("empty")) throw FilterException.NoMatch(Current.At);
            return FilterMatch.IsEmpty(selector, isFull);
        }

        bool isNegated = Take("not");
        if (Take("contains")) return FilterMatch.Contains(selector, ReadValue(), isNegated);
        if (Take("matches")) return FilterMatch.Matches(selector, ReadValue(), isNegated);
        throw FilterException.NoMatch(Current.At);
    }

    private bool IsInNext()
    {
        FilterToken second = _tokens[Math.Min(_next + 1, _tokens.Count - 1)];
        FilterToken third = _tokens[Math.Min(_next + 2, _tokens.Count - 1)];
        return second.IsWord("in") || (second.IsWord("not") && third.IsWord("in"));
    }

    private string ReadValue()
    {
        if (Current.Kind is FilterTokenKind.Symbol or FilterTokenKind.End) throw FilterException.NoMatch(Current.At);
        return _tokens[_next++].Text;
    }

    private FilterSelector<TRow> ReadSelector() => Find(ReadPath());

    private List<string> ReadPath()
    {
        List<string> steps = [ReadStep()];
        while (true)
        {
            if (Current.IsSymbol("."))
            {
                _next++;
                steps.Add(ReadStep());
            }
            else if (Current.IsSymbol("[") && _tokens[_next + 1].Kind == FilterTokenKind.Quoted && _tokens[_next + 2].IsSymbol("]"))
            {
                steps.Add(_tokens[_next + 1].Text);
                _next += 3;
            }
            else
                return steps;
        }
    }

    /// <summary>The field of a known path; one step more is the key of a map.</summary>
    private FilterSelector<TRow> Find(List<string> steps)
    {
        for (int length = 1; length <= steps.Count; length++)
        {
            string path = string.Join('.', steps.Take(length));
            if (_fields.TryGetValue(path, out FilterField<TRow>? field))
            {
                if (length == steps.Count) return new FilterSelector<TRow>(string.Join('.', steps), field, null);
                if (field.Kind == FilterKind.Map && length == steps.Count - 1)
                    return new FilterSelector<TRow>(string.Join('.', steps), field, steps[^1]);
            }
            else if (!_fields.Keys.Any(known => known.StartsWith(path + ".", StringComparison.Ordinal)))
                throw new FilterException($"Selector \"{path}\" is not valid");
        }

        throw new FilterException($"Selector \"{string.Join('.', steps)}\" is not valid");
    }

    private string ReadStep()
    {
        if (Current.Kind != FilterTokenKind.Word || !char.IsAsciiLetter(Current.Text[0])) throw FilterException.NoMatch(Current.At);
        return _tokens[_next++].Text;
    }

    private bool Take(string word)
    {
        if (!Current.IsWord(word)) return false;
        _next++;
        return true;
    }
}

/// <summary>What a match is about: a field, or one key of a field that is a map.</summary>
internal sealed record FilterSelector<TRow>(string Text, FilterField<TRow> Field, string? MapKey)
{
    public FilterKind Kind => MapKey is null ? Field.Kind : FilterKind.Text;

    /// <summary>The values in a row; null stands for a key that its map does not have.</summary>
    public IEnumerable<object?> ValuesOf(TRow row) => MapKey is null
        ? Field.ValuesOf(row)
        : Field.ValuesOf(row).Select(object? (map) => ((IReadOnlyDictionary<string, string>)map).GetValueOrDefault(MapKey));
}
