namespace Quintet.EndToEnd.Drills;

/// <summary>One kind of fault.</summary>
/// <param name="Name">For the log: <c>kill broker</c>.</param>
/// <param name="DoAsync">Does it, for the given time where it has a length, and undoes what nobody else undoes.</param>
internal sealed record Fault(string Name, Func<TimeSpan, CancellationToken, Task> DoAsync);
