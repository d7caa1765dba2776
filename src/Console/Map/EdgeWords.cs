using Quintet.Console.Parts;

namespace Quintet.Console.Map;

/// <summary>An edge in words and in the width of its line, for the picture, the panel and the table.</summary>
internal static class EdgeWords
{
    private const double WidthMin = 1.4;
    private const double WidthMax = 8;

    /// <summary>Ten times as much is a step wider: what flows may differ by thousands.</summary>
    public static double WidthOf(Traffic? traffic) => Math.Min(WidthMax, WidthMin + (1.9 * Math.Log10(1 + (traffic?.Rate ?? 0))));

    /// <summary><c>42/s · 3.0 ms</c>.</summary>
    public static string Label(MapEdge edge) => string.Join(" · ", Lines(edge));

    /// <summary>The same in up to two lines.</summary>
    public static string[] Lines(MapEdge edge) => edge.Traffic is not { } traffic ? []
        : traffic.P50 is { } half ? [Figures.Rate(traffic.Rate), Figures.Duration(half)] : [Figures.Rate(traffic.Rate)];

    /// <summary>What is to be looked at; null for what is well.</summary>
    public static string? Warning(MapEdge edge) => edge switch
    {
        { State: EdgeState.Undeclared } => "undeclared",
        { Traffic: { ErrorShare: > 0 } traffic } => $"{Figures.Percent(traffic.ErrorShare)} fail",
        _ => null,
    };

    public static string StateWord(EdgeState state) => state switch
    {
        EdgeState.Seen => "seen",
        EdgeState.Unseen => "declared, not seen",
        EdgeState.Undeclared => "seen, not declared",
        _ => "declared, cannot be seen",
    };

    /// <summary>Why an edge is as it is, in a sentence.</summary>
    public static string Explain(MapEdge edge) => edge.State switch
    {
        EdgeState.Undeclared => "This is seen, and the service's entry in quintet.yaml does not say it (routes, publishes, subscribes, calls).",
        EdgeState.Unseen => "It is declared, and nothing was seen in this time. It may be rare, broken, or no longer needed.",
        EdgeState.Unmeasured => "It is declared. What flows here is not told by any span.",
        _ when edge.Traffic is { IsRecent: true } => "Rate, failures and durations are those of the last minute.",
        _ => "Nothing in the last minute; the figures are those of the whole time.",
    };

    /// <summary>A name cut in its middle: its beginning says whose it is, its end what.</summary>
    public static string Short(string name, int max) => name.Length <= max ? name : $"{name[..(max / 3)]}…{name[^(max - (max / 3) - 1)..]}";
}
