namespace Quintet.Console.DeadLetters;

/// <summary>Whom work on letters tells how it goes.</summary>
/// <param name="Told">What became of each.</param>
/// <param name="Looked">After each, how many were looked at, and of how many.</param>
internal sealed record LetterReport(Action<LetterFate> Told, Func<long, long, Task> Looked);
