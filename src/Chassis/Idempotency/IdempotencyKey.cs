using System.Text;
using Microsoft.Extensions.Primitives;

namespace Quintet.Chassis.Idempotency;

/// <summary>The header <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header).</summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";
    public const int CharactersMax = 255;

    /// <summary>What the sender of a malformed one is told.</summary>
    public static readonly string Rule =
        $"must be one key of 1 to {CharactersMax} visible ASCII characters, bare or as a quoted string, such as \"8e03978e-40d5-43e8-bc93-6894a57f9324\"";

    /// <summary>
    /// The key, or null when it is malformed. The draft asks for a quoted string (RFC 9651 §3.3.3); many clients send it bare, which is the
    /// same key.
    /// </summary>
    public static string? Parse(StringValues given)
    {
        if (given is not [{ } text]) return null;
        string? key = text.StartsWith('"') ? Unquote(text) : text;
        return key is { Length: > 0 and <= CharactersMax } && key.All(c => c is > ' ' and <= '~') ? key : null;
    }

    private static string? Unquote(string text)
    {
        StringBuilder key = new(text.Length);
        for (int i = 1; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '"') return i == text.Length - 1 ? key.ToString() : null;
            if (c == '\\')
            {
                if (++i == text.Length || text[i] is not ('"' or '\\')) return null;
                c = text[i];
            }

            key.Append(c);
        }

        return null; // never closed
    }
}
