using Quintet.Hosting.Telemetry;

namespace Quintet.Console.Stories;

/// <summary>Where the way of one event has led so far.</summary>
/// <param name="State">How it stands.</param>
/// <param name="Waiting">Where it stands and who acts next, in words; null when it is done.</param>
internal sealed record EventEnd(StoryState State, string? Waiting)
{
    private static readonly EventEnd Done = new(StoryState.Done, null);

    /// <summary>The ends of an event: one for each queue it has come out of, or one for where it got stuck before.</summary>
    /// <param name="hops">All of the event, in the order of time.</param>
    public static IEnumerable<EventEnd> Of(IReadOnlyList<HopFacts> hops)
    {
        HopFacts[] handled = [.. hops.Where(hop => hop.Hop.Stage == HopStage.Handled)];
        if (handled.Length > 0) return handled.GroupBy(hop => hop.Place).Select(queue => InQueue(queue.Key, [.. queue]));
        return [BeforeAnyQueue(hops)];
    }

    private static EventEnd InQueue(string? queue, IReadOnlyList<HopFacts> attempts)
    {
        // A repetition that arrives later does not undo what was done.
        if (attempts.Any(attempt => attempt.Hop.Outcome is "handled" or "repeated")) return Done;
        HopFacts last = attempts[^1];
        return last.Hop.Outcome switch
        {
            "dead" => new EventEnd(StoryState.Broken, $"in {queue}.dead: it stays until somebody redrives or discards it"),
            "retried" => new EventEnd(StoryState.Underway, $"behind {queue}: {last.Detail}"),
            _ => new EventEnd(StoryState.Underway, $"back in {queue}: it is delivered again"),
        };
    }

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

        // What has no event of the outbox is done by what it tells: a mail that was sent on request.
        return hops.FirstOrDefault(hop => hop.Hop.Stage == HopStage.Outbox) is { } committed
            ? new EventEnd(StoryState.Underway, $"in the outbox of {committed.Hop.Part}: it is published when the broker takes it")
            : Done;
    }
}
