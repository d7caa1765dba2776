using System.Text.RegularExpressions;

namespace Quintet.Broker.Access;

/// <summary>The regular expressions of permissions.</summary>
internal static class Patterns
{
    // Patterns come from the operator but are run on names that clients choose.
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(250);

    /// <summary>RabbitMQ reads the empty pattern as "nothing", not as "everything".</summary>
    public static Regex Compile(string pattern) => new(pattern.Length == 0 ? "^$" : pattern, RegexOptions.CultureInvariant, MatchTimeout);

    /// <summary>What is wrong with a pattern; null when nothing is.</summary>
    public static string? FaultOf(string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.CultureInvariant);
            return null;
        }
        catch (ArgumentException fault)
        {
            return fault.Message;
        }
    }

    /// <summary>A pattern that takes too long on a name does not allow it.</summary>
    public static bool Allows(Regex pattern, ReadOnlySpan<char> name)
    {
        try
        {
            return pattern.IsMatch(name);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
