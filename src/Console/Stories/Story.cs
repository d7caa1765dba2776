using System.Text.Json.Serialization;

namespace Quintet.Console.Stories;

/// <summary>What came of one request or event: every stop of its way, in the order of time.</summary>
/// <param name="Title">The first stop in words: <c>POST /users</c>.</param>
/// <param name="TraceId">The trace that all of it belongs to, 32 hexadecimal digits; null where a part passed none on.</param>
/// <param name="Began">When.</param>
/// <param name="Duration">From the beginning to the end of the last stop.</param>
/// <param name="State">How it stands.</param>
/// <param name="Waiting">Where it stands, and who acts next, for each event that has not come to its end; nothing when all have.</param>
/// <param name="Stops">At least one.</param>
public sealed record Story(
    string Title, string? TraceId, DateTimeOffset Began, TimeSpan Duration, StoryState State, IReadOnlyList<string> Waiting, IReadOnlyList<Stop> Stops)
{
    /// <summary>The queues it stands in, by name.</summary>
    public IReadOnlyList<string> Queues { get; init; } = [];
}

/// <summary>How a story stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StoryState>))]
public enum StoryState
{
    /// <summary>Everything came to its end.</summary>
    Done,

    /// <summary>Something is under way, or waits for its next attempt.</summary>
    Underway,

    /// <summary>Somebody must act: a dead letter, a refused event, a failed request.</summary>
    Broken,
}

/// <summary>One stop.</summary>
/// <param name="Time">When it began.</param>
/// <param name="SinceBegin">Since the beginning of the story.</param>
/// <param name="Part">Who: <c>gateway</c>, <c>users</c>.</param>
/// <param name="Instance">Which of them.</param>
/// <param name="Text">What happened, in words.</param>
/// <param name="Result">How it ended: <c>201 in 14 ms</c>.</param>
/// <param name="Tone">Whether it went well.</param>
public sealed record Stop(DateTimeOffset Time, TimeSpan SinceBegin, string Part, string Instance, string Text, string Result, StopTone Tone)
{
    /// <summary>The event's id, which is the message's, too.</summary>
    public string? EventId { get; init; }

    /// <summary>What it is about: <c>users/184</c>.</summary>
    public string? Subject { get; init; }

    /// <summary>Whether the part has what the event said, in its outbox.</summary>
    public bool HasPayload { get; init; }

    /// <summary>The queue it happened in.</summary>
    public string? Queue { get; init; }

    /// <summary>Whether it was done in one transaction with the stop before.</summary>
    public bool IsBound { get; init; }

    /// <summary>What is the same for stops of one kind, in this story and in others.</summary>
    [JsonIgnore]
    public string Kind { get; init; } = "";
}

/// <summary>Whether a stop went well.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StopTone>))]
public enum StopTone
{
    /// <summary>Yes.</summary>
    Good,

    /// <summary>Not this time, but it is tried again.</summary>
    Warning,

    /// <summary>No.</summary>
    Bad,
}
