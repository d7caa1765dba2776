namespace Quintet.Console.Telemetry.Upkeep;

/// <summary>
/// What settling a trace needs of a span. It is new when it came after the trace was settled for the last time, so that its calls are not
/// counted yet.
/// </summary>
internal sealed record SettledSpan(
    ulong Id, ulong Parent, bool IsNew, int Kind, string Name, long Start, long Duration, bool IsError, string Service, string Scope, string Attributes,
    string? Message, string? Events)
{
    public const int Server = 2;
    public const int Client = 3;
    public const int Producer = 4;
    public const int Consumer = 5;

    /// <summary>Spans of the broker itself, between publisher and consumer.</summary>
    public bool IsOfBroker => Scope == "Quintet.Broker";
}
