using System.Text.Json.Serialization;

namespace Quintet.Client.Telemetry;

/// <summary>What came of one request or event.</summary>
/// <param name="Title">Its first stop in words.</param>
/// <param name="TraceId">32 hexadecimal digits; null where no trace was passed on.</param>
/// <param name="Began">When.</param>
/// <param name="Duration">To the end of the last stop.</param>
/// <param name="State"><c>Done</c>, <c>Underway</c> or <c>Broken</c>.</param>
/// <param name="Waiting">Where each unfinished event stands, and who acts next.</param>
/// <param name="Stops">In the order of time.</param>
public sealed record StoryInfo(
    string Title, string? TraceId, DateTimeOffset Began, TimeSpan Duration, string State, IReadOnlyList<string> Waiting, IReadOnlyList<StopInfo> Stops);

/// <summary>One stop of a story.</summary>
/// <param name="Time">When it began.</param>
/// <param name="SinceBegin">Since the story's beginning.</param>
/// <param name="Part">Who.</param>
/// <param name="Instance">Which of them.</param>
/// <param name="Text">What happened.</param>
/// <param name="Result">How it ended.</param>
/// <param name="Tone"><c>Good</c>, <c>Warning</c> or <c>Bad</c>.</param>
/// <param name="EventId">The event's id.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Queue">The queue it happened in.</param>
public sealed record StopInfo(
    DateTimeOffset Time, TimeSpan SinceBegin, string Part, string Instance, string Text, string Result, string Tone, string? EventId, string? Subject,
    string? Queue);

internal sealed record ConsoleProblemJson(string? Title, string? Detail, Dictionary<string, string[]>? Errors);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(List<StoryInfo>))]
[JsonSerializable(typeof(List<SessionInfo>))]
[JsonSerializable(typeof(ConsoleProblemJson))]
internal sealed partial class ConsoleJson : JsonSerializerContext;
