using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Telemetry.Figures;

/// <summary>Which series of a metric are asked for, and how they are put together.</summary>
/// <param name="Name">The instrument, such as <c>http.server.request.duration</c>.</param>
/// <param name="Range">The time of the answer.</param>
/// <param name="Step">What a point stands for; from 1 s.</param>
internal sealed record MetricFilter(string Name, TimeRange Range, TimeSpan Step)
{
    public string? Service { get; init; }

    public string? Instance { get; init; }

    /// <summary>Attributes that a series must have, with these values.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();

    /// <summary>What keeps series apart: <c>service</c>, <c>instance</c>, or an attribute. All series of a group are one line.</summary>
    public IReadOnlyList<string> By { get; init; } = [];
}

/// <summary>A line of a plot. A value is null where nothing was measured.</summary>
/// <param name="Labels">The values of <see cref="MetricFilter.By"/>.</param>
/// <param name="Unit">As it was sent.</param>
/// <param name="Points">One for each step.</param>
internal sealed record MetricLine(IReadOnlyDictionary<string, string> Labels, string Unit, IReadOnlyList<MetricPoint> Points);

/// <summary>A value for the step that begins at <paramref name="Time"/>.</summary>
internal sealed record MetricPoint(DateTimeOffset Time, double? Value);

/// <summary>A metric that is kept.</summary>
internal sealed record MetricName(string Name, string Unit, string Kind, int Series);
