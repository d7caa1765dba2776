using System.Globalization;
using Quintet.Console.Parts;
using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Tracing;

/// <summary>A trace in the drawing of durations over time.</summary>
/// <param name="TraceId">Where it leads.</param>
/// <param name="Words">What it is.</param>
/// <param name="IsError">Any span failed.</param>
/// <param name="X">From the left.</param>
/// <param name="Y">From the top.</param>
public sealed record ScatterPoint(string TraceId, string Words, bool IsError, double X, double Y);

/// <summary>Where traces lie in a drawing whose width is time and whose height is the logarithm of the duration.</summary>
public sealed class Scatter
{
    /// <summary>Of the drawing.</summary>
    public const double Width = 1000;
    /// <summary>Of the drawing.</summary>
    public const double Height = 180;

    private static readonly TimeSpan Shortest = TimeSpan.FromMicroseconds(1);

    internal Scatter(IReadOnlyList<TraceEntry> traces, TimeRange range)
    {
        (From, To) = (range.From, range.To);
        double[] decades = [.. traces.Select(trace => Decade(trace.Duration))];
        Low = decades.Length == 0 ? 0 : (int)Math.Floor(decades.Min());
        High = decades.Length == 0 ? 1 : Math.Max(Low + 1, (int)Math.Ceiling(decades.Max()));
        Points =
        [
            .. traces.Select(trace => new ScatterPoint(trace.TraceId, WordsOf(trace), trace.IsError, X(trace.Start), Y(Decade(trace.Duration)))),
        ];
    }

    /// <summary>The time at the left.</summary>
    public DateTimeOffset From { get; }

    /// <summary>The time at the right.</summary>
    public DateTimeOffset To { get; }

    /// <summary>The decade at the bottom: 0 is a millisecond.</summary>
    public int Low { get; }

    /// <summary>The decade at the top.</summary>
    public int High { get; }

    /// <summary>In the order of the traces.</summary>
    public IReadOnlyList<ScatterPoint> Points { get; }

    /// <summary>A grid line at each decade.</summary>
    public IEnumerable<(TimeSpan Duration, double Y)> Lines =>
        Enumerable.Range(Low, High - Low + 1).Select(decade => (TimeSpan.FromMilliseconds(Math.Pow(10, decade)), Y(decade)));

    /// <summary>The time of day, in UTC.</summary>
    internal static string Clock(DateTimeOffset time) => time.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    private static string WordsOf(TraceEntry trace) =>
        $"{trace.Name}{(trace.IsError ? ", with an error" : "")}, {Figures.Duration(trace.Duration)}, {Clock(trace.Start)} UTC";

    private double X(DateTimeOffset time) => Math.Clamp((time - From) / (To - From) * Width, 0, Width);

    private double Y(double decade) => Height - ((decade - Low) / (High - Low) * Height);

    private static double Decade(TimeSpan duration) => Math.Log10((duration < Shortest ? Shortest : duration).TotalMilliseconds);
}
