using System.Globalization;
using Quintet.Hosting.Telemetry;

namespace Quintet.Console.Stories;

/// <summary>Tells a hop in words.</summary>
internal static class StopWords
{
    public static Stop Tell(HopFacts facts, DateTimeOffset beginning)
    {
        (string text, string result, StopTone tone) = facts.Hop.Stage switch
        {
            HopStage.Request => Request(facts),
            HopStage.Outbox => ($"{facts.EventType} about {facts.Hop.Subject} is in the outbox", "one transaction with its cause", StopTone.Good),
            HopStage.Published => Published(facts),
            HopStage.Handled => Handled(facts),
            HopStage.Call => (facts.Place ?? "called another service", Timed(facts, facts.Detail), facts.IsWell ? StopTone.Good : StopTone.Warning),
            HopStage.Mail => ($"mail to {facts.Address ?? "nobody known"}", $"{facts.Hop.Outcome} by {facts.Place}", StopTone.Good),
            _ => (Join(facts.Hop.Stage, facts.Place), Join(facts.Hop.Outcome, facts.Detail), StopTone.Good),
        };
        string part = facts.Hop.Part.StartsWith("quintet-", StringComparison.Ordinal) ? facts.Hop.Part["quintet-".Length..] : facts.Hop.Part;
        return new Stop(facts.Began, facts.Began - beginning, part, facts.Hop.Instance, text, result, tone)
        {
            EventId = facts.Hop.EventId,
            Subject = facts.Hop.Subject,
            HasPayload = facts.Hop is { Stage: HopStage.Outbox, EventId: not null },
            Queue = facts.Hop.Stage == HopStage.Handled ? facts.Place : null,
        };
    }

    private static (string Text, string Result, StopTone Tone) Request(HopFacts facts)
    {
        string text = facts.Detail is null ? facts.Place ?? "a request" : $"{facts.Place} → {facts.Detail}";
        string tries = facts.Attempt > 1 ? $" after {facts.Attempt.ToString(CultureInfo.InvariantCulture)} tries" : "";
        // What a client did wrong is its own matter; a failure of the system has a status of 500 and above.
        bool isOurs = facts.Hop.Outcome is ['5', ..];
        return (text, Timed(facts, null) + tries, facts.IsWell ? StopTone.Good : isOurs ? StopTone.Bad : StopTone.Warning);
    }

    private static (string Text, string Result, StopTone Tone) Published(HopFacts facts) => facts.Hop.Outcome == "confirmed"
        ? ("published to the broker", "confirmed", StopTone.Good)
        : ("the broker did not take it", Join(facts.Hop.Outcome, facts.Detail), StopTone.Bad);

    private static (string Text, string Result, StopTone Tone) Handled(HopFacts facts)
    {
        string attempt = $"attempt {facts.Attempt.ToString(CultureInfo.InvariantCulture)} in {facts.Place}";
        return facts.Hop.Outcome switch
        {
            "handled" => (attempt, "done: inbox marked, acknowledged", StopTone.Good),
            "repeated" => ($"delivered once more in {facts.Place}", "done before, so nothing was done", StopTone.Good),
            "retried" or "requeued" => (attempt, $"failed: {facts.Detail}", StopTone.Warning),
            _ => (attempt, $"given up: {facts.Detail}", StopTone.Bad),
        };
    }

    private static string Timed(HopFacts facts, string? detail) =>
        $"{Join(facts.Hop.Outcome, detail)} in {facts.Hop.Duration.TotalMilliseconds.ToString("0.#", CultureInfo.InvariantCulture)} ms";

    private static string Join(string? word, string? more) => string.IsNullOrEmpty(more) ? word ?? "" : $"{word}: {more}";
}
