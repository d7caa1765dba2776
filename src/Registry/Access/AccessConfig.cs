using System.Security.Cryptography;
using System.Text;

namespace Quintet.Registry.Access;

/// <summary>All credentials of one reading of the settings. Tokens are looked up by hash, so that time tells nothing about them.</summary>
internal sealed class AccessConfig
{
    private readonly Dictionary<string, Grant> _grants = [];
    private readonly Grant _anonymous;

    public AccessConfig(RegistryOptions options)
    {
        foreach (RegistryToken token in options.Tokens)
        {
            HashSet<string> services = new(token.Services, StringComparer.OrdinalIgnoreCase);
            _grants[HashOf(token.Secret!.Reveal())] = new Grant(token.Name, MayRead: true, token.Management, services, [.. token.KeyPrefixes]);
        }

        _anonymous = options.Anonymous switch
        {
            AnonymousAccess.Write => Grant.Everything,
            AnonymousAccess.Read => Grant.Reading,
            _ => Grant.Nothing,
        };
    }

    public bool HasTokens => _grants.Count > 0;

    /// <summary>Null when the token is not one of ours: a wrong credential is worse than none.</summary>
    public Grant? Find(string? token) => string.IsNullOrEmpty(token) ? _anonymous : _grants.GetValueOrDefault(HashOf(token));

    private static string HashOf(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
