using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Quintet.Console.Parts;
using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Tracing;

/// <summary>What the page of traces looks for, as it stands in its address, so that a link carries it.</summary>
internal sealed record TraceSearch
{
    /// <summary>More points than this make a drawing slow and no clearer.</summary>
    public const int RowsMax = 500;

    /// <summary>The choices of a time, by how they stand in the address.</summary>
    public static readonly IReadOnlyDictionary<string, TimeSpan> Spans = new Dictionary<string, TimeSpan>
    {
        ["5m"] = TimeSpan.FromMinutes(5), ["15m"] = TimeSpan.FromMinutes(15), ["1h"] = TimeSpan.FromHours(1), ["6h"] = TimeSpan.FromHours(6),
        ["24h"] = TimeSpan.FromHours(24),
    };

    private const string DefaultLast = "1h";

    public string? Service { get; init; }

    public string? Name { get; init; }

    public int? Status { get; init; }

    /// <summary>Milliseconds.</summary>
    public double? Min { get; init; }

    /// <summary>Milliseconds.</summary>
    public double? Max { get; init; }

    public string? Text { get; init; }

    public TraceOrder Order { get; init; }

    /// <summary>One of <see cref="Spans"/>; does not matter where there is a from.</summary>
    public string Last { get; init; } = DefaultLast;

    /// <summary>Where the time begins; null for so long before its end as <see cref="Last"/> says.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Where the time ends; null for now.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>A part of the time that was chosen, for people; null when none was.</summary>
    public string? TimeWords => (From, To) switch
    {
        ({ } from, { } to) => $"{Scatter.Clock(from)} to {Scatter.Clock(to)} UTC",
        ({ } from, null) => $"since {Scatter.Clock(from)} UTC",
        (null, { } to) => $"until {Scatter.Clock(to)} UTC",
        _ => null,
    };

    /// <summary>Whether what the parts ask each other is found, too.</summary>
    public bool HasParts { get; init; }

    /// <summary>What cannot be read is as if it were not there: somebody may have cut a link.</summary>
    public static TraceSearch Read(Func<string, string?> query) => new()
    {
        Service = Given(query("service")),
        Name = Given(query("name")),
        Status = int.TryParse(query("status"), NumberStyles.None, CultureInfo.InvariantCulture, out int status) ? status : null,
        Min = Milliseconds(query("min")),
        Max = Milliseconds(query("max")),
        Text = Given(query("text")),
        Order = Enum.TryParse(query("order"), ignoreCase: true, out TraceOrder order) && Enum.IsDefined(order) ? order : TraceOrder.Newest,
        Last = query("last") is { } last && Spans.ContainsKey(last) ? last : DefaultLast,
        From = Time(query("from")),
        To = Time(query("to")),
        HasParts = query("parts") == "true",
    };

    public string ToPath() => QueryHelpers.AddQueryString("/traces", new Dictionary<string, string?>
    {
        ["service"] = Given(Service),
        ["name"] = Given(Name),
        ["status"] = Status?.ToString(CultureInfo.InvariantCulture),
        ["min"] = Number(Min),
        ["max"] = Number(Max),
        ["text"] = Given(Text),
        ["order"] = Order == TraceOrder.Newest ? null : Order.ToString().ToLowerInvariant(),
        ["last"] = Last == DefaultLast ? null : Last,
        ["from"] = Written(From),
        ["to"] = Written(To),
        ["parts"] = HasParts ? "true" : null,
    });

    /// <summary>The time it is about; a little beyond now, since the clocks of parts differ.</summary>
    public TimeRange RangeAt(DateTimeOffset now)
    {
        (DateTimeOffset from, DateTimeOffset to) = (From ?? (To ?? now) - Spans[Last], To ?? now.AddSeconds(5));
        return from < to ? new TimeRange(from, to) : new TimeRange(now - Spans[Last], now.AddSeconds(5));
    }

    /// <summary>Whether it begins before it ends, or before now.</summary>
    public bool HasTimeAt(DateTimeOffset now) => From is not { } from || from < (To ?? now);

    public TraceFilter FilterAt(DateTimeOffset now) => new(RangeAt(now))
    {
        Service = Service is null ? null : PartName.InTelemetry(Service),
        Name = Name,
        Status = Status,
        MinDuration = Min is { } min ? TimeSpan.FromMilliseconds(min) : null,
        MaxDuration = Max is { } max ? TimeSpan.FromMilliseconds(max) : null,
        Text = Text,
        Order = Order,
        IsError = Order == TraceOrder.Errors ? true : null,
        WithoutParts = !HasParts && Service is null,
        Limit = RowsMax,
    };

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static string? Number(double? number) => number?.ToString("0.###", CultureInfo.InvariantCulture);

    private static string? Written(DateTimeOffset? time) => time?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static double? Milliseconds(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number is > 0 and < 1e9 ? number : null;

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;
}
