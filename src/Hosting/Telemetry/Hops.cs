using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Quintet.Hosting.Telemetry;

/// <summary>
/// Notes hops, from which the console tells the story of a request or an event. Each is a log record named <see cref="EventName"/> and goes
/// only to the telemetry's exporter, where no sampling is applied to it; without an exporter nothing is made.
/// </summary>
public sealed class Hops(ILoggerFactory loggers)
{
    /// <summary>The <c>event_name</c> of the log records.</summary>
    public const string EventName = "quintet.hop";

    /// <summary>The logger's category.</summary>
    public const string Category = "Quintet.Hops";

    private static readonly EventId Id = new(1, EventName);
    private readonly ILogger _logger = loggers.CreateLogger(Category);

    /// <summary>Whether anybody listens; asked before a hop is made where many are.</summary>
    public bool IsOn => _logger.IsEnabled(LogLevel.Information);

    public void Note(Hop hop)
    {
        if (_logger.IsEnabled(LogLevel.Information)) _logger.Log(LogLevel.Information, Id, AttributesOf(hop), null, static (_, _) => EventName);
    }

    private static List<KeyValuePair<string, object?>> AttributesOf(Hop hop)
    {
        List<KeyValuePair<string, object?>> attributes = new(14);
        Add("quintet.hop.stage", hop.Stage);
        Add("quintet.hop.outcome", hop.Outcome);
        Add("quintet.hop.place", hop.Place);
        Add("quintet.hop.source", hop.Source);
        Add("quintet.hop.detail", hop.Detail);
        Add("quintet.hop.attempt", hop.Attempt);
        Add("quintet.hop.duration_ms", hop.Duration?.TotalMilliseconds);
        Add("quintet.hop.next_ms", hop.Next?.TotalMilliseconds);
        Add("quintet.event.id", hop.EventId);
        Add("quintet.event.type", hop.EventType);
        Add("quintet.subject", hop.Subject);
        Add("quintet.trace.id", TraceIdOf(hop));
        Add("quintet.address", hop.Address is null ? null : Hop.Mask(hop.Address));
        Add("quintet.address.hash", hop.Address is null ? null : Hop.HashOf(hop.Address));
        return attributes;

        void Add(string name, object? value)
        {
            if (value is not null) attributes.Add(new KeyValuePair<string, object?>(name, value));
        }
    }

    private static string? TraceIdOf(Hop hop) =>
        hop.TraceParent is null ? Activity.Current?.TraceId.ToHexString()
        : ActivityContext.TryParse(hop.TraceParent, null, out ActivityContext context) ? context.TraceId.ToHexString()
        : null;
}
