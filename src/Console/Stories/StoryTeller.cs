using Quintet.Console.Telemetry.Queries;
using Quintet.Hosting.Telemetry;
using Hops = Quintet.Console.Telemetry.Queries.Hops;

namespace Quintet.Console.Stories;

/// <summary>Finds stories by anything that somebody may have in hand, and tells them from the hops that the parts noted.</summary>
internal sealed class StoryTeller(Hops hops)
{
    private const int TraceIdDigits = 32;

    /// <summary>The rank of what happens to an event at its consumers.</summary>
    private const int Taken = 3;

    /// <summary>How many stories one key may lead to; the newest are told.</summary>
    private const int StoriesMax = 20;

    /// <summary>The stories of a trace id, an event's or message's id, an e-mail address, or a subject such as <c>users/184</c>; the newest first.</summary>
    public async Task<IReadOnlyList<Story>> FindAsync(string key, CancellationToken cancellationToken)
    {
        List<HopEntry> found = await FindHopsAsync(key.Trim(), cancellationToken);
        List<Story> stories = [];
        foreach (string traceId in found.Select(hop => hop.TraceId).OfType<string>().Reverse().Distinct().Take(StoriesMax))
            stories.Add(Tell(await hops.OfTraceAsync(traceId, cancellationToken)));
        foreach (IGrouping<string?, HopEntry> traceless in found.Where(hop => hop.TraceId is null).GroupBy(hop => hop.EventId).Take(StoriesMax))
            stories.Add(Tell(traceless.Key is null ? [.. traceless] : await hops.OfEventAsync(traceless.Key, cancellationToken)));
        return [.. stories.OrderByDescending(story => story.Began).Take(StoriesMax)];
    }

    /// <summary>The latest requests that may have changed something, or failed, with what came of them; the newest first.</summary>
    public async Task<IReadOnlyList<Story>> LatestAsync(CancellationToken cancellationToken)
    {
        List<Story> stories = [];
        foreach (HopEntry request in await hops.LatestAsync(HopStage.Request, StoriesMax, cancellationToken))
            if (request.TraceId is { } traceId) stories.Add(Tell(await hops.OfTraceAsync(traceId, cancellationToken)));
        return stories;
    }

    /// <param name="entries">All hops of a trace, or of an event; at least one.</param>
    public static Story Tell(IReadOnlyList<HopEntry> entries)
    {
        HopFacts[] facts = InOrder([.. entries.Select(entry => new HopFacts(entry))]);
        DateTimeOffset began = facts[0].Began;
        EventEnd[] ends =
        [
            .. facts.Where(hop => hop.Hop.EventId is not null).GroupBy(hop => hop.Hop.EventId)
                .SelectMany(ofEvent => EventEnd.Of([.. ofEvent.OrderBy(hop => hop.Hop.Time)])),
        ];
        bool hasFailed = facts[0].Hop is { Stage: HopStage.Request, Outcome: ['5', ..] };
        StoryState state = hasFailed || ends.Any(end => end.State == StoryState.Broken) ? StoryState.Broken
            : ends.Any(end => end.State == StoryState.Underway) ? StoryState.Underway
            : StoryState.Done;
        return new Story(
            facts[0].Place ?? facts[0].EventType ?? facts[0].Hop.Stage, facts[0].Hop.TraceId, began, facts.Max(hop => hop.Hop.Time) - began, state,
            [.. ends.Select(end => end.Waiting).OfType<string>()], [.. facts.Select(hop => StopWords.Tell(hop, began))]);
    }

    /// <summary>
    /// By the time of their beginning; but a consumer may have an event before its publisher has the broker's confirm, and still the event was
    /// committed first, then published, then handled.
    /// </summary>
    private static HopFacts[] InOrder(IReadOnlyList<HopFacts> facts)
    {
        Dictionary<string, DateTimeOffset> taken = facts.Where(hop => hop.Hop.EventId is not null && RankOf(hop) == Taken)
            .GroupBy(hop => hop.Hop.EventId!).ToDictionary(ofEvent => ofEvent.Key, ofEvent => ofEvent.Min(hop => hop.Began));
        return [.. facts.OrderBy(hop => RankOf(hop) < Taken && taken.TryGetValue(hop.Hop.EventId ?? "", out DateTimeOffset first) && first < hop.Began
            ? first
            : hop.Began).ThenBy(RankOf)];
    }

    private static int RankOf(HopFacts hop) => hop.Hop.Stage switch { HopStage.Request => 0, HopStage.Outbox => 1, HopStage.Published => 2, _ => Taken };

    private Task<List<HopEntry>> FindHopsAsync(string key, CancellationToken cancellationToken) => key switch
    {
        { Length: TraceIdDigits } when key.All(char.IsAsciiHexDigit) => hops.OfTraceAsync(key.ToLowerInvariant(), cancellationToken),
        _ when key.Contains('@', StringComparison.Ordinal) => hops.OfAddressAsync(key, cancellationToken),
        _ when key.Contains('/', StringComparison.Ordinal) => hops.OfSubjectAsync(key, cancellationToken),
        _ => hops.OfEventAsync(key, cancellationToken),
    };
}
