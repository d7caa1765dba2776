namespace Quintet.Console.Parts;

/// <summary>Tells by a name whether its value is not for the screen: any of its words, in whichever folder, is one of those that secrets bear.</summary>
internal static class SecretName
{
    private static readonly string[] Words =
        ["password", "passwd", "pass", "pwd", "secret", "secrets", "token", "credential", "credentials", "key", "keys", "dsn"];

    private static readonly char[] Between = ['/', '.', '-', '_', ':', ' '];

    public static bool Is(string name) => name.Split(Between).Any(IsWord)
        // A connection string has a password in it; and some write their words together.
        || name.EndsWith("database-url", StringComparison.OrdinalIgnoreCase) || name.EndsWith("database_url", StringComparison.OrdinalIgnoreCase)
        || Array.Exists(Words, word => word.Length > 4 && name.EndsWith(word, StringComparison.OrdinalIgnoreCase));

    private static bool IsWord(string part) => Array.Exists(Words, word => part.Equals(word, StringComparison.OrdinalIgnoreCase));
}
