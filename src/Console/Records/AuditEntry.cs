namespace Quintet.Console.Records;

/// <summary>One action of somebody, as the audit log keeps it.</summary>
/// <param name="At">When it began.</param>
/// <param name="Who">The name in the login.</param>
/// <param name="Role">Viewer or Operator.</param>
/// <param name="From">The address it came from.</param>
/// <param name="Action">What was done, in one word: <c>scale</c>, <c>redrive</c>, <c>login</c>.</param>
/// <param name="Target">To what.</param>
/// <param name="Detail">What the action said more exactly; empty when nothing.</param>
/// <param name="Outcome"><c>done</c>, <c>failed</c>, <c>refused</c>, or <c>begun</c> when the console ended before the action did.</param>
/// <param name="Result">In one sentence.</param>
internal sealed record AuditEntry(
    DateTimeOffset At, string Who, string Role, string From, string Action, string Target, string Detail, string Outcome, string Result)
{
    public long Id { get; init; }
}
