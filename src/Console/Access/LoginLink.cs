using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Quintet.Console.Access;

/// <summary>
/// The code in a login link: who, in which role, made when, and a random part by which it is used once, signed with a key that the console and
/// the command share. So a link can be made while the console is still starting.
/// </summary>
public static class LoginLink
{
    private const int Parts = 5;
    private const int CodeLengthMax = 1000;

    /// <summary>A link to the console at <paramref name="console"/>.</summary>
    /// <param name="console">Where the console is reached.</param>
    /// <param name="key">The key it was told as <c>Console:Access:LinkKey</c>.</param>
    /// <param name="role">What the link allows.</param>
    /// <param name="name">Who logs in, for the audit log.</param>
    /// <param name="now">The time from which its lifetime counts.</param>
    public static Uri Create(Uri console, string key, ConsoleRole role, string name, DateTimeOffset now)
    {
        string claim = string.Create(CultureInfo.InvariantCulture,
            $"{role}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(name))}.{now.ToUnixTimeSeconds()}.{NewNonce()}");
        return new Uri(console, $"login?code={claim}.{Sign(key, claim)}");
    }

    /// <summary>What a code says, or null when it was not signed with the key.</summary>
    internal static LoginClaim? Read(string key, string code)
    {
        int end = code.LastIndexOf('.');
        if (end < 0 || code.Length > CodeLengthMax) return null;
        byte[] expected = Encoding.ASCII.GetBytes(Sign(key, code[..end]));
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(code[(end + 1)..]), expected)) return null;

        // From here on it is what Create wrote.
        string[] parts = code.Split('.');
        return parts.Length == Parts
            ? new LoginClaim(
                Enum.Parse<ConsoleRole>(parts[0]),
                Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])),
                DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[2], CultureInfo.InvariantCulture)),
                parts[3])
            : null;
    }

    private static string NewNonce() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    private static string Sign(string key, string claim) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"quintet console login {claim}")));
}

/// <summary>What a login link says.</summary>
internal sealed record LoginClaim(ConsoleRole Role, string Name, DateTimeOffset Made, string Nonce);
