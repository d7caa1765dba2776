using System.Globalization;
using System.Text.Json;
using Quintet.Console.Telemetry.Queries;
using Quintet.Hosting.Telemetry;

namespace Quintet.Console.Stories;

/// <summary>A hop with what its part told besides, read once. The names are those of <see cref="Hops"/>.</summary>
internal sealed class HopFacts
{
    private readonly Dictionary<string, string> _told = [];

    public HopFacts(HopEntry hop)
    {
        Hop = hop;
        using JsonDocument detail = JsonDocument.Parse(hop.Detail);
        foreach (JsonProperty told in detail.RootElement.EnumerateObject()) _told[told.Name] = told.Value.ToString();
    }

    public HopEntry Hop { get; }

    /// <summary>A hop is noted at its end.</summary>
    public DateTimeOffset Began => Hop.Time - Hop.Duration;

    public string? Place => _told.GetValueOrDefault("quintet.hop.place");

    public string? Source => _told.GetValueOrDefault("quintet.hop.source");

    public string? Detail => _told.GetValueOrDefault("quintet.hop.detail");

    public string? EventType => _told.GetValueOrDefault("quintet.event.type");

    public string? Address => _told.GetValueOrDefault("quintet.address");

    public int Attempt => int.TryParse(_told.GetValueOrDefault("quintet.hop.attempt"), CultureInfo.InvariantCulture, out int attempt) ? attempt : 1;

    /// <summary>When it is tried again, counted from its end.</summary>
    public TimeSpan? Next => double.TryParse(_told.GetValueOrDefault("quintet.hop.next_ms"), CultureInfo.InvariantCulture, out double milliseconds)
        ? TimeSpan.FromMilliseconds(milliseconds) : null;

    /// <summary>Whether the broker moved it on from the queue that is its source, since it died there.</summary>
    public bool IsDeath => Hop is { Stage: HopStage.Queued, Outcome: "expired" or "rejected" or "maxlen" or "delivery_limit" } && Source is not null;

    /// <summary>Whether a request or a call was answered well: a status below 400.</summary>
    public bool IsWell => int.TryParse(Hop.Outcome, CultureInfo.InvariantCulture, out int status) && status < 400;

    /// <summary>Whether it is a stage's, with the outcome.</summary>
    public bool Is(string stage, string outcome) => Hop.Stage == stage && Hop.Outcome == outcome;
}
