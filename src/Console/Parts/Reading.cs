namespace Quintet.Console.Parts;

/// <summary>The last answer of a part, and what is wrong if a later question was not answered.</summary>
/// <param name="Value">The answer; null when there was none yet.</param>
/// <param name="At">When it came.</param>
/// <param name="Fault">Why there is no newer one; null when there is.</param>
internal sealed record Reading<T>(T? Value, DateTimeOffset At, string? Fault)
    where T : class
{
    /// <summary>Before the first question, and for a part that is not there.</summary>
    public static Reading<T> None { get; } = new(null, default, null);

    public bool IsStale => Fault is not null && Value is not null;
}
