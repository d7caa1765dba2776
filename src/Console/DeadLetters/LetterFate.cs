namespace Quintet.Console.DeadLetters;

/// <summary>What became of one letter.</summary>
/// <param name="Id">Its message id; empty when it has none.</param>
/// <param name="To">The queue it went to; null when it went to none.</param>
/// <param name="Kept">Why it stayed where it was; null when it did not.</param>
internal sealed record LetterFate(string Id, string? To, string? Kept)
{
    public static LetterFate Moved(string id, string to) => new(id, to, null);

    public static LetterFate Stayed(string id, string reason) => new(id, null, reason);

    public static LetterFate Discarded(string id) => new(id, null, null);
}
