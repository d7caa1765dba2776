using Quintet.Hosting.Settings;

namespace Quintet.ConfigServer.Access;

/// <summary>The tokens in use; replaced as a whole.</summary>
internal sealed record TokenConfig(IReadOnlyList<(Secret Secret, Grant Grant)> Tokens)
{
    private const string All = "*";

    public static TokenConfig Of(IReadOnlyList<ConfigServerOptions.TokenOptions> tokens)
    {
        HashSet<string> known = [.. tokens.SelectMany(token => token.Applications).Where(application => application != All)];
        return new TokenConfig([.. tokens.Select(token => (token.Secret!, GrantOf(token, known)))]);
    }

    private static Grant GrantOf(ConfigServerOptions.TokenOptions token, HashSet<string> known) =>
        new(token.Name, token.Applications.ToHashSet(StringComparer.Ordinal), token.Applications.Contains(All), token.Write, known);
}
