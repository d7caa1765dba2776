using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quintet.Client.Telemetry;

/// <summary>Which traces are asked for; what is null or false does not matter. Durations and times as the API takes them: <c>200ms</c>, <c>1h</c>.</summary>
/// <param name="Last">How far back.</param>
/// <param name="Limit">How many at most.</param>
public sealed record TraceQuestion(string Last, int Limit)
{
    /// <summary>A service that has a span in it, by its name in telemetry.</summary>
    public string? Service { get; init; }

    /// <summary>A part of the name it began with.</summary>
    public string? Name { get; init; }

    /// <summary>Only those with an error.</summary>
    public bool OnlyErrors { get; init; }

    /// <summary>The slowest first, not the newest.</summary>
    public bool SlowestFirst { get; init; }

    /// <summary>Those that took at least so long.</summary>
    public string? MinDuration { get; init; }

    /// <summary>Words that stand in its spans.</summary>
    public string? Text { get; init; }

    /// <summary>Those in which a part of the system asked another one, too, such as the console the broker.</summary>
    public bool WithParts { get; init; }

    internal string ToQuery()
    {
        (string Name, string? Value)[] all =
        [
            ("last", Last), ("limit", Limit.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("service", Service), ("name", Name),
            ("error", OnlyErrors ? "true" : null), ("order", SlowestFirst ? "slowest" : null), ("min_duration", MinDuration), ("text", Text),
            ("parts", WithParts ? null : "false"),
        ];
        return string.Join('&', all.Where(one => one.Value is not null).Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value!)}"));
    }
}

/// <summary>A trace in a list.</summary>
/// <param name="TraceId">32 hexadecimal digits.</param>
/// <param name="RootService">Where it began.</param>
/// <param name="Name">What it began with.</param>
/// <param name="Status">The HTTP status of that, where it has one.</param>
/// <param name="Start">When.</param>
/// <param name="Duration">Seconds, from the first begin to the last end.</param>
/// <param name="IsError">Any span failed.</param>
/// <param name="Spans">How many there are.</param>
/// <param name="Errors">How many of them failed.</param>
/// <param name="Services">All that have a span in it.</param>
public sealed record TraceInfo(
    string TraceId, string RootService, string Name, int? Status, DateTimeOffset Start, double Duration, bool IsError, int Spans, int Errors,
    IReadOnlyList<string> Services);

/// <summary>A trace with its spans.</summary>
/// <param name="Trace">As in a list.</param>
/// <param name="Spans">By their start.</param>
/// <param name="IsCut">There are more than the console gives at once.</param>
public sealed record TraceTreeInfo(TraceInfo Trace, IReadOnlyList<SpanInfo> Spans, bool IsCut);

/// <summary>One span.</summary>
/// <param name="SpanId">16 hexadecimal digits.</param>
/// <param name="ParentId">The span that started it; null for the first.</param>
/// <param name="Service">Who.</param>
/// <param name="Instance">Which of them.</param>
/// <param name="Name">What.</param>
/// <param name="Kind">internal, server, client, producer or consumer.</param>
/// <param name="Start">When.</param>
/// <param name="Duration">Seconds.</param>
/// <param name="IsError">It failed.</param>
/// <param name="Message">Why, where it was told.</param>
public sealed record SpanInfo(
    string SpanId, string? ParentId, string Service, string Instance, string Name, string Kind, DateTimeOffset Start, double Duration, bool IsError,
    string? Message)
{
    /// <summary>What was noted of it.</summary>
    public IReadOnlyDictionary<string, JsonElement> Attributes { get; init; } = new Dictionary<string, JsonElement>();
}

internal sealed record TracePageJson(List<TraceInfo> Traces);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TracePageJson))]
[JsonSerializable(typeof(TraceTreeInfo))]
internal sealed partial class TelemetryJson : JsonSerializerContext;
