namespace Quintet.ConfigServer.Properties;

/// <summary>
/// The condition of <c>spring.config.activate.on-profile</c>: profiles with <c>!</c>, <c>&amp;</c>, <c>|</c> and parentheses; of several
/// conditions one suffices. As in Spring, <c>&amp;</c> and <c>|</c> may only be mixed with parentheses.
/// </summary>
internal sealed class ProfileExpression
{
    private const int DepthMax = 32;

    private readonly IReadOnlyList<Func<IReadOnlySet<string>, bool>> alternatives;

    private ProfileExpression(IReadOnlyList<Func<IReadOnlySet<string>, bool>> alternatives) => this.alternatives = alternatives;

    /// <exception cref="FormatException">One of the conditions cannot be read.</exception>
    public static ProfileExpression Parse(IEnumerable<string> conditions)
    {
        IEnumerable<string> single = conditions
            .SelectMany(condition => condition.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return new ProfileExpression([.. single.Select(condition => new Reader(condition).ReadAll())]);
    }

    public bool Matches(IReadOnlySet<string> profiles) => alternatives.Any(alternative => alternative(profiles));

    private sealed class Reader(string text)
    {
        private int at;
        private int depth;

        public Func<IReadOnlySet<string>, bool> ReadAll()
        {
            Func<IReadOnlySet<string>, bool> whole = ReadChain();
            return at == text.Length ? whole : throw Malformed();
        }

        private Func<IReadOnlySet<string>, bool> ReadChain()
        {
            List<Func<IReadOnlySet<string>, bool>> terms = [ReadTerm()];
            char joint = Peek();
            while (Peek() is '&' or '|')
            {
                if (Peek() != joint) throw Malformed();
                at++;
                terms.Add(ReadTerm());
            }

            return joint == '|' ? profiles => terms.Any(term => term(profiles)) : profiles => terms.All(term => term(profiles));
        }

        private Func<IReadOnlySet<string>, bool> ReadTerm()
        {
            if (++depth > DepthMax) throw Malformed();
            Func<IReadOnlySet<string>, bool> term = Peek() switch
            {
                '!' => ReadNegation(),
                '(' => ReadGroup(),
                _ => ReadName(),
            };
            depth--;
            return term;
        }

        private Func<IReadOnlySet<string>, bool> ReadNegation()
        {
            at++;
            Func<IReadOnlySet<string>, bool> term = ReadTerm();
            return profiles => !term(profiles);
        }

        private Func<IReadOnlySet<string>, bool> ReadGroup()
        {
            at++;
            Func<IReadOnlySet<string>, bool> inner = ReadChain();
            if (Peek() != ')') throw Malformed();
            at++;
            return inner;
        }

        private Func<IReadOnlySet<string>, bool> ReadName()
        {
            int start = at;
            while (at < text.Length && text[at] is not ('!' or '&' or '|' or '(' or ')')) at++;
            string name = text[start..at].Trim();
            return name.Length > 0 ? profiles => profiles.Contains(name) : throw Malformed();
        }

        private char Peek()
        {
            while (at < text.Length && text[at] == ' ') at++;
            return at < text.Length ? text[at] : '\0';
        }

        private static FormatException Malformed() => new("the profile condition is malformed");
    }
}
