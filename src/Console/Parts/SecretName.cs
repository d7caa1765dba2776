namespace Quintet.Console.Parts;

/// <summary>Tells by a name whether its value is not for the screen.</summary>
internal static class SecretName
{
    private static readonly string[] Words = ["password", "secret", "token", "key"];

    public static bool Is(string name) => Array.Exists(Words, word => name.EndsWith(word, StringComparison.OrdinalIgnoreCase));
}
