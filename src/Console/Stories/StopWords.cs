using System.Globalization;
using System.Text.RegularExpressions;
using Quintet.Console.Parts;
using Quintet.Hosting.Telemetry;

namespace Quintet.Console.Stories;

/// <summary>Tells the hops of one story in words.</summary>
internal sealed partial class StopWords
{
    private readonly ILookup<string?, HopFacts> _ofEvents;
    private readonly DateTimeOffset _beginning;

    /// <param name="facts">All hops of the story.</param>
    /// <param name="beginning">When it began.</param>
    public StopWords(IEnumerable<HopFacts> facts, DateTimeOffset beginning)
    {
        _ofEvents = facts.OrderBy(hop => hop.Hop.Time).ToLookup(hop => hop.Hop.EventId);
        _beginning = beginning;
    }

    /// <summary>What a story that begins with this hop is called.</summary>
    public static string TitleOf(HopFacts first) => first.Hop.Stage switch
    {
        HopStage.Queued or HopStage.Delivered or HopStage.Settled =>
            $"message to {(string.IsNullOrEmpty(first.Source) ? first.Place ?? "nobody" : first.Source)}",
        _ => first.Place ?? first.EventType ?? first.Hop.Stage,
    };

    /// <summary>The stops of one hop: mostly one; none where another hop tells the same and more.</summary>
    public IEnumerable<Stop> Tell(HopFacts hop) => hop.Hop.Stage switch
    {
        HopStage.Request => [Request(hop)],
        HopStage.Outbox => Outbox(hop),
        HopStage.Published => [Published(hop)],
        HopStage.Queued => [Queued(hop)],
        HopStage.Delivered => IsToldByItsConsumer(hop) ? [] : [Delivered(hop)],
        HopStage.Settled => [],
        HopStage.Handled => Handled(hop),
        HopStage.Call => [At(hop, hop.Place ?? "called another service", Timed(hop, hop.Detail), hop.IsWell ? StopTone.Good : StopTone.Warning)],
        HopStage.Mail => [At(hop, $"mail to {hop.Address ?? "nobody known"}", $"{hop.Hop.Outcome} by {hop.Place}", StopTone.Good, kind: "mail")],
        _ => [At(hop, Join(hop.Hop.Stage, hop.Place), Join(hop.Hop.Outcome, hop.Detail), StopTone.Good)],
    };

    /// <summary>Whether two places are the same but for their numbers: <c>DELETE /users/7</c> and <c>DELETE /users/8</c>.</summary>
    public static bool AreAlike(string? place, string? other) =>
        place is not null && other is not null && Digits.Replace(place, "#") == Digits.Replace(other, "#");

    private Stop Request(HopFacts hop)
    {
        string text = hop.Detail is null ? hop.Place ?? "a request" : $"{hop.Place} → {hop.Detail}";
        string tries = hop.Attempt > 1 ? $" after {hop.Attempt.ToString(CultureInfo.InvariantCulture)} tries" : "";
        // What a client did wrong is its own matter; a failure of the system has a status of 500 and above.
        bool isOurs = hop.Hop.Outcome is ['5', ..];
        return At(
            hop, text, Timed(hop, null) + tries, hop.IsWell ? StopTone.Good : isOurs ? StopTone.Bad : StopTone.Warning,
            kind: $"{hop.Place} {hop.IsWell}");
    }

    private IEnumerable<Stop> Outbox(HopFacts hop)
    {
        if (hop.Detail is { } rows) yield return At(hop, $"rows written: {rows}", "one transaction", StopTone.Good) with { Subject = hop.Hop.Subject };
        yield return At(
            hop, $"{hop.EventType} about {hop.Hop.Subject} is in the outbox", hop.Detail is null ? "one transaction with its cause" : "the same transaction",
            StopTone.Good, kind: hop.EventType) with { HasPayload = hop.Hop.EventId is not null, IsBound = hop.Detail is not null };
    }

    private Stop Published(HopFacts hop) => hop.Hop.Outcome == "confirmed"
        ? At(
            hop, "published to the broker", hop.Hop.Duration > TimeSpan.Zero ? $"confirmed in {Figures.Duration(hop.Hop.Duration)}" : "confirmed",
            StopTone.Good, hop.EventType)
        : At(hop, "the broker did not take it", Join(hop.Hop.Outcome, hop.Detail), StopTone.Bad);

    private Stop Queued(HopFacts hop)
    {
        string from = hop.Source is { Length: > 0 } source ? $"{source} → " : "into ";
        if (hop.Hop.Outcome == "unroutable")
            return At(hop, $"{(hop.Source is "" or null ? "the default exchange" : hop.Source)} with {hop.Detail}", "no queue is bound", StopTone.Warning);
        if (hop.Hop.Outcome == "kept") return At(hop, $"{from}{hop.Place}", "kept in the stream", StopTone.Good);

        string waited = WaitedIn(hop) is { } wait ? $"waited {Figures.Duration(wait)}" : "";
        (string Word, StopTone Tone) why = hop.Hop.Outcome switch
        {
            "rejected" => ("rejected; ", StopTone.Warning),
            "delivery_limit" => ("given back too often; ", StopTone.Bad),
            "maxlen" => ("its queue was full; ", StopTone.Bad),
            "expired" => ("the delay is over; ", StopTone.Good),
            _ => ("", StopTone.Good),
        };
        return At(hop, $"{from}{hop.Place}", (why.Word + waited).TrimEnd(' ', ';'), why.Tone, kind: $"{from}{hop.Place}") with { Queue = hop.Place };
    }

    /// <summary>From the queueing to whatever took the message out.</summary>
    private TimeSpan? WaitedIn(HopFacts queued)
    {
        HopFacts? taken = _ofEvents[queued.Hop.EventId].FirstOrDefault(hop => hop.Hop.Time >= queued.Hop.Time && hop != queued
            && ((hop.Hop.Stage is HopStage.Delivered or HopStage.Handled && hop.Place == queued.Place) || (hop.IsDeath && hop.Source == queued.Place)));
        return taken is null ? null : taken.Began > queued.Hop.Time ? taken.Began - queued.Hop.Time : TimeSpan.Zero;
    }

    private Stop Delivered(HopFacts hop)
    {
        HopFacts? settled = _ofEvents[hop.Hop.EventId].FirstOrDefault(other =>
            other.Hop.Stage == HopStage.Settled && other.Place == hop.Place && other.Hop.Time >= hop.Hop.Time);
        string after = settled is null ? "" : $" after {Figures.Duration(settled.Hop.Time - hop.Hop.Time)}";
        (string result, StopTone tone) = (hop.Hop.Outcome, settled?.Hop.Outcome) switch
        {
            ("gone", _) => ("wanted no acknowledgement", StopTone.Good),
            (_, null) => ("not acknowledged yet", StopTone.Good),
            (_, "acknowledged") => ($"acknowledged{after}", StopTone.Good),
            (_, "requeued") => ($"given back{after}", StopTone.Warning),
            var (_, word) => ($"{word}{after}", StopTone.Warning),
        };
        string again = hop.Attempt > 1 ? $", delivery {hop.Attempt.ToString(CultureInfo.InvariantCulture)}" : "";
        return At(hop, $"{hop.Place} → {hop.Detail}{again}", result, tone, kind: $"{hop.Place} {settled?.Hop.Outcome}") with { Queue = hop.Place };
    }

    /// <summary>A consumer that notes what it does tells more of it than the broker can.</summary>
    private bool IsToldByItsConsumer(HopFacts delivered) =>
        _ofEvents[delivered.Hop.EventId].Any(hop => hop.Hop.Stage == HopStage.Handled && hop.Place == delivered.Place);

    private IEnumerable<Stop> Handled(HopFacts hop)
    {
        string attempt = $"attempt {hop.Attempt.ToString(CultureInfo.InvariantCulture)} in {hop.Place}";
        string after = hop.Hop.Duration > TimeSpan.Zero ? $" after {Figures.Duration(hop.Hop.Duration)}" : "";
        string again = hop.Next is { } next ? $"; again after {Figures.Duration(next)}" : "";
        (string text, string result, StopTone tone) = hop.Hop.Outcome switch
        {
            "handled" when after.Length > 0 => (attempt, $"handled in {Figures.Duration(hop.Hop.Duration)}", StopTone.Good),
            "handled" => (attempt, "done: inbox marked, acknowledged", StopTone.Good),
            "repeated" => ($"delivered once more in {hop.Place}", "done before, so nothing was done", StopTone.Good),
            "retried" or "requeued" => (attempt, $"failed{after}: {hop.Detail}{again}", StopTone.Warning),
            _ => (attempt, $"given up{after}: {hop.Detail}", StopTone.Bad),
        };
        yield return At(hop, text, result, tone, kind: $"{hop.Place} {hop.Hop.Outcome}") with { Queue = hop.Place };
        if (hop.Hop.Outcome == "handled" && after.Length > 0)
            yield return At(hop, "inbox marked, acknowledged", "", StopTone.Good) with { Time = hop.Hop.Time, SinceBegin = hop.Hop.Time - _beginning };
    }

    private Stop At(HopFacts hop, string text, string result, StopTone tone, string? kind = null)
    {
        string part = PartName.Of(hop.Hop.Part);
        return new Stop(hop.Began, hop.Began - _beginning, part, hop.Hop.Instance, text, result, tone)
        {
            EventId = hop.Hop.EventId,
            Subject = hop.Hop.Subject,
            Kind = Digits.Replace($"{part} {hop.Hop.Stage} {kind ?? text}", "#"),
        };
    }

    private static string Timed(HopFacts hop, string? detail) => $"{Join(hop.Hop.Outcome, detail)} in {Figures.Duration(hop.Hop.Duration)}";

    private static string Join(string? word, string? more) => string.IsNullOrEmpty(more) ? word ?? "" : $"{word}: {more}";

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits { get; }
}
