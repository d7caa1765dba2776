using Quintet.Console.Parts;
using Quintet.Hosting.Telemetry;

namespace Quintet.Console.Stories;

/// <summary>Where the way of one event has led so far.</summary>
/// <param name="State">How it stands.</param>
/// <param name="Waiting">Where it stands and who acts next, in words; null when it is done.</param>
/// <param name="Queue">The queue it stands in, where it is one that the broker knows.</param>
internal sealed record EventEnd(StoryState State, string? Waiting, string? Queue = null)
{
    private const string DeadSuffix = ".dead";
    private const string RetryInfix = ".retry.";
    private static readonly EventEnd Done = new(StoryState.Done, null);

    /// <summary>The ends of an event: one for each queue it has come out of or stands in, or one for where it got stuck before.</summary>
    /// <param name="hops">All of the event, in the order of time.</param>
    /// <param name="now">The time it is.</param>
    public static IEnumerable<EventEnd> Of(IReadOnlyList<HopFacts> hops, DateTimeOffset now)
    {
        Whereabouts whereabouts = new(hops);
        IGrouping<string?, HopFacts>[] handled = [.. hops.Where(hop => hop.Hop.Stage == HopStage.Handled).GroupBy(hop => hop.Place)];
        EventEnd[] ends =
        [
            .. handled.Select(queue => InQueue(queue.Key ?? "", [.. queue], whereabouts, now)),
            .. whereabouts.Holders.Where(place => !handled.Any(queue => IsOf(place.Key, queue.Key))).Select(place => Standing(place.Key, place.Value)),
        ];
        return ends.Length > 0 ? ends : [whereabouts.IsOver ? Done : BeforeAnyQueue(hops)];
    }

    /// <summary>A consumer tells of its queue and of those behind it.</summary>
    private static bool IsOf(string queue, string? consumers) =>
        consumers is not null && queue.StartsWith(consumers, StringComparison.Ordinal) && (queue.Length == consumers.Length || queue[consumers.Length] == '.');

    private static EventEnd InQueue(string queue, IReadOnlyList<HopFacts> attempts, Whereabouts whereabouts, DateTimeOffset now)
    {
        // A repetition that arrives later does not undo what was done.
        if (attempts.Any(attempt => attempt.Hop.Outcome is "handled" or "repeated")) return Done;
        HopFacts last = attempts[^1];
        if (whereabouts.Holders.TryGetValue(queue, out string? holder) && last.Hop.Outcome != "requeued") return Standing(queue, holder);
        return last.Hop.Outcome switch
        {
            "dead" when whereabouts.HasLeft(queue + DeadSuffix) => Done, // somebody discarded it
            "dead" => Standing(queue + DeadSuffix, null),
            "retried" => new EventEnd(StoryState.Underway, $"behind {queue}: {last.Detail}{NextAttempt(last, now)}"),
            _ => new EventEnd(StoryState.Underway, $"back in {queue}: it is delivered again", queue),
        };
    }

    private static string NextAttempt(HopFacts last, DateTimeOffset now)
    {
        if (last.Next is not { } next) return "";
        TimeSpan left = last.Hop.Time + next - now;
        return left > TimeSpan.Zero ? $"; the next attempt comes within {Figures.Duration(left)}" : "; the next attempt is due";
    }

    private static EventEnd Standing(string queue, string? holder) =>
        holder is not null ? new(StoryState.Underway, $"in hand at {holder}, out of {queue}: it is acknowledged when that is done, or delivered again", queue)
        : queue.EndsWith(DeadSuffix, StringComparison.Ordinal) ? new(StoryState.Broken, $"in {queue}: it stays until somebody redrives or discards it", queue)
        : queue.Contains(RetryInfix, StringComparison.Ordinal) ? new(StoryState.Underway, $"in {queue}: its next attempt comes when the delay is over", queue)
        : new(StoryState.Underway, $"in {queue}: a consumer is waited for", queue);

    private static EventEnd BeforeAnyQueue(IReadOnlyList<HopFacts> hops)
    {
        if (hops.Any(hop => hop.Hop.Stage == HopStage.Published) && hops[^1] is { Hop.Stage: HopStage.Call or HopStage.Mail } inHand)
            return new EventEnd(StoryState.Underway, $"in hand at {inHand.Hop.Instance}: it is acknowledged when that is done, or delivered again");

        if (hops.LastOrDefault(hop => hop.Hop.Stage == HopStage.Published) is { } published)
        {
            return published.Hop.Outcome == "confirmed"
                ? new EventEnd(StoryState.Underway, $"in the queues bound to {published.EventType}: a consumer is waited for")
                : new EventEnd(StoryState.Broken, $"in the outbox of {published.Hop.Part}: the broker refused it ({published.Detail}); it is tried again");
        }

        if (hops.FirstOrDefault(hop => hop.Hop.Stage == HopStage.Outbox) is { } committed)
            return new EventEnd(StoryState.Underway, $"in the outbox of {committed.Hop.Part}: it is published when the broker takes it");

        // What has no event of the outbox is done by what it tells, a mail that was sent on request; but a message that no queue took is lost.
        return hops.LastOrDefault(hop => hop.Is(HopStage.Queued, "unroutable")) is { } lost
            ? new EventEnd(StoryState.Broken, $"nowhere: no queue was bound to {lost.Source} for {lost.Detail}, and nobody kept the message")
            : Done;
    }
}
