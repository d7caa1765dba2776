using Quintet.Console.Telemetry.Queries;
using Quintet.Hosting.Telemetry;
using Hops = Quintet.Console.Telemetry.Queries.Hops;

namespace Quintet.Console.Stories;

/// <summary>Finds stories by anything that somebody may have in hand, and tells them from the hops that the parts noted.</summary>
internal sealed class StoryTeller(Hops hops, TimeProvider time)
{
    private const int TraceIdDigits = 32;

    /// <summary>The rank of what happens to an event in the broker, and after it at its consumers.</summary>
    private const int InBroker = 3;

    /// <summary>How many stories one key may lead to; the newest are told.</summary>
    private const int StoriesMax = 20;

    /// <summary>Among how many of the latest requests a normal one is looked for.</summary>
    private const int LookedThrough = 500;

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

    /// <summary>The newest story that began in the same way and came to a good end, to hold another against; null when none of the latest did.</summary>
    public async Task<Story?> NormalAsync(Story other, CancellationToken cancellationToken)
    {
        foreach (HopEntry request in await hops.LatestAsync(HopStage.Request, LookedThrough, cancellationToken))
        {
            if (request.TraceId is not { } traceId || traceId == other.TraceId || !StopWords.AreAlike(new HopFacts(request).Place, other.Title)) continue;
            if (Tell(await hops.OfTraceAsync(traceId, cancellationToken)) is { State: StoryState.Done } normal) return normal;
        }

        return null;
    }

    /// <param name="entries">All hops of a trace, or of an event; at least one.</param>
    public Story Tell(IReadOnlyList<HopEntry> entries)
    {
        (HopFacts Hop, DateTimeOffset Key)[] facts = InOrder([.. entries.Select(entry => new HopFacts(entry))]);
        HopFacts first = facts[0].Hop;
        DateTimeOffset now = time.GetUtcNow();
        EventEnd[] ends =
        [
            .. facts.Select(fact => fact.Hop).Where(hop => hop.Hop.EventId is not null).GroupBy(hop => hop.Hop.EventId)
                .SelectMany(ofEvent => EventEnd.Of([.. ofEvent.OrderBy(hop => hop.Hop.Time)], now)),
        ];
        bool hasFailed = first.Hop is { Stage: HopStage.Request, Outcome: ['5', ..] };
        StoryState state = hasFailed || ends.Any(end => end.State == StoryState.Broken) ? StoryState.Broken
            : ends.Any(end => end.State == StoryState.Underway) ? StoryState.Underway
            : StoryState.Done;
        StopWords words = new(facts.Select(fact => fact.Hop), first.Began);
        Stop[] stops =
        [
            .. facts.SelectMany(fact => words.Tell(fact.Hop).Select(stop => (Stop: stop, Key: stop.Time > fact.Hop.Began ? stop.Time : fact.Key)))
                .OrderBy(stop => stop.Key).Select(stop => stop.Stop),
        ];
        return new Story(
            StopWords.TitleOf(first), first.Hop.TraceId, first.Began, facts.Max(fact => fact.Hop.Hop.Time) - first.Began, state,
            [.. ends.Select(end => end.Waiting).OfType<string>()], stops)
        {
            Queues = [.. ends.Select(end => end.Queue).OfType<string>().Distinct()],
        };
    }

    /// <summary>
    /// By the time of their beginning; but the broker, and a consumer behind it, may have an event before its publisher has the confirm, and still
    /// the event was committed first, then published, then queued and handled.
    /// </summary>
    private static (HopFacts Hop, DateTimeOffset Key)[] InOrder(IReadOnlyList<HopFacts> facts)
    {
        Dictionary<string, DateTimeOffset> taken = facts.Where(hop => hop.Hop.EventId is not null && RankOf(hop) >= InBroker)
            .GroupBy(hop => hop.Hop.EventId!).ToDictionary(ofEvent => ofEvent.Key, ofEvent => ofEvent.Min(hop => hop.Began));
        return
        [
            .. facts.Select(hop => (Hop: hop, Key: KeyOf(hop))).OrderBy(fact => fact.Key).ThenBy(fact => RankOf(fact.Hop)),
        ];

        DateTimeOffset KeyOf(HopFacts hop) =>
            RankOf(hop) < InBroker && taken.TryGetValue(hop.Hop.EventId ?? "", out DateTimeOffset first) && first < hop.Began ? first : hop.Began;
    }

    private static int RankOf(HopFacts hop) => hop.Hop.Stage switch
    {
        HopStage.Request => 0, HopStage.Outbox => 1, HopStage.Published => 2, HopStage.Queued => InBroker, HopStage.Delivered => 4, _ => 5,
    };

    private Task<List<HopEntry>> FindHopsAsync(string key, CancellationToken cancellationToken) => key switch
    {
        { Length: TraceIdDigits } when key.All(char.IsAsciiHexDigit) => hops.OfTraceAsync(key.ToLowerInvariant(), cancellationToken),
        _ when key.Contains('@', StringComparison.Ordinal) => hops.OfAddressAsync(key, cancellationToken),
        _ when key.Contains('/', StringComparison.Ordinal) => hops.OfSubjectAsync(key, cancellationToken),
        _ => hops.OfEventAsync(key, cancellationToken),
    };
}
