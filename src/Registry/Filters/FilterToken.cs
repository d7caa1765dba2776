using System.Text;

namespace Quintet.Registry.Filters;

internal enum FilterTokenKind
{
    Word,
    Quoted,
    Symbol,
    End,
}

/// <summary>One token of a filter and where it begins.</summary>
internal readonly record struct FilterToken(FilterTokenKind Kind, string Text, int At)
{
    public bool IsWord(string word) => Kind == FilterTokenKind.Word && Text == word;

    public bool IsSymbol(string symbol) => Kind == FilterTokenKind.Symbol && Text == symbol;

    /// <summary>
    /// Cuts a filter into words (letters, digits, <c>_</c>, <c>/</c>, and points within numbers), quoted texts, and symbols.
    /// </summary>
    /// <exception cref="FilterException">A quote is open, or a character has no meaning here.</exception>
    public static List<FilterToken> Read(string filter)
    {
        List<FilterToken> tokens = [];
        int at = 0;
        while (at < filter.Length)
        {
            char c = filter[at];
            if (c is ' ' or '\t' or '\r' or '\n')
                at++;
            else if (c is '"' or '`')
                tokens.Add(ReadQuoted(filter, ref at));
            else if (filter.AsSpan(at).StartsWith("==") || filter.AsSpan(at).StartsWith("!="))
            {
                tokens.Add(new FilterToken(FilterTokenKind.Symbol, filter.Substring(at, 2), at));
                at += 2;
            }
            else if (c is '(' or ')' or '[' or ']' or '.')
                tokens.Add(new FilterToken(FilterTokenKind.Symbol, filter.Substring(at, 1), at++));
            else if (char.IsAsciiLetterOrDigit(c) || c is '-')
                tokens.Add(ReadWord(filter, ref at));
            else
                throw FilterException.NoMatch(at);
        }

        tokens.Add(new FilterToken(FilterTokenKind.End, "", filter.Length));
        return tokens;
    }

    private static FilterToken ReadQuoted(string filter, ref int at)
    {
        int start = at;
        char quote = filter[at++];
        StringBuilder text = new();
        for (; at < filter.Length && filter[at] != quote; at++)
        {
            if (quote == '"' && filter[at] == '\\' && at + 1 < filter.Length) at++;
            text.Append(filter[at]);
        }

        if (at++ >= filter.Length) throw FilterException.NoMatch(start);
        return new FilterToken(FilterTokenKind.Quoted, text.ToString(), start);
    }

    private static FilterToken ReadWord(string filter, ref int at)
    {
        int start = at;
        bool isNumber = char.IsAsciiDigit(filter[at]) || filter[at] == '-';
        at++;
        while (at < filter.Length && (char.IsAsciiLetterOrDigit(filter[at]) || filter[at] is '_' or '/' || (isNumber && filter[at] == '.'))) at++;
        string text = filter[start..at];
        // 10.1.1.1 is no number and must be quoted; a lone minus is nothing.
        if (isNumber && !double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out _))
            throw FilterException.NoMatch(start);
        return new FilterToken(FilterTokenKind.Word, text, start);
    }
}

/// <summary>A filter that cannot be used; the text is what Consul would append.</summary>
internal sealed class FilterException(string text) : Exception(text)
{
    public static FilterException NoMatch(int at) => new($"1:{at + 1} ({at}): no match found");
}
