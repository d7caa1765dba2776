using System.Globalization;
using Microsoft.Data.Sqlite;
using Quintet.Console.Telemetry.Queries;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Figures;

/// <summary>Where figures come from.</summary>
internal enum FigureSource
{
    /// <summary>The metric <c>http.server.request.duration</c>, which counts every request.</summary>
    Metrics,

    /// <summary>Spans, counted before any trace is sampled away; for services that send no metrics.</summary>
    Spans,
}

/// <summary>Requests of a service. Health probes do not count.</summary>
internal sealed record ServiceFigures(string Service, FigureSource Source, Figure Total, IReadOnlyList<Figure> Points);

/// <summary>Requests within a step, or within the range. All is null where nothing was measured, percentiles also where nothing was asked.</summary>
/// <param name="Time">When the step begins.</param>
/// <param name="Rate">Requests a second.</param>
/// <param name="ErrorRate">Answers from 500 on, or failed spans, a second.</param>
/// <param name="P50">Half of the answers took at most so long.</param>
/// <param name="P99">Nearly all of them did.</param>
internal sealed record Figure(DateTimeOffset Time, double? Rate, double? ErrorRate, TimeSpan? P50, TimeSpan? P99);

/// <summary>Rate, errors and durations of requests, of the gateway and of each service.</summary>
internal sealed class RequestFigures(StoreReader reader)
{
    public const string Metric = "http.server.request.duration";
    private const string StatusAttribute = "http.response.status_code";
    private const string RouteAttribute = "http.route";
    private const int FirstServerError = 500;

    /// <summary>Of all services, or of one.</summary>
    public Task<List<ServiceFigures>> OfAsync(TimeRange range, TimeSpan step, string? service, CancellationToken cancellationToken)
    {
        Steps steps = range.StepsOf(step, reader.Limits.StepsMax);
        return reader.QueryAsync(
            connection =>
            {
                Dictionary<string, ServiceFigures> found = FromMetrics(connection, range, step, steps, service);
                foreach (ServiceFigures counted in FromSpans(connection, steps, service)) found.TryAdd(counted.Service, counted);
                return found.Values.OrderBy(figures => figures.Service, StringComparer.Ordinal).Take(reader.Limits.RowsMax).ToList();
            },
            cancellationToken);
    }

    private static Dictionary<string, ServiceFigures> FromMetrics(
        SqliteConnection connection, TimeRange range, TimeSpan step, Steps steps, string? service)
    {
        Dictionary<string, Tally> tallies = [];
        foreach (StoredSeries series in SeriesReader.Series(connection, new MetricFilter(Metric, range, step) { Service = service }))
        {
            if (series.Kind != SeriesKind.Histogram || IsProbe(series)) continue;
            if (!tallies.TryGetValue(series.Service, out Tally? tally)) tallies[series.Service] = tally = new Tally(steps);
            double unit = series.Unit == "ms" ? 1000 : 1;
            double[] bounds = [.. series.Bounds.Select(bound => bound / unit)];
            foreach (StoredPoint point in SeriesReader.Points(connection, series.Id, steps))
                foreach ((int at, double seconds) in steps.Touched(point.Since, point.Time))
                    tally.Add(at, point.Count, IsError(series) ? point.Count : 0, bounds, point.Buckets, seconds / point.Covered);
        }

        return tallies.Where(pair => pair.Value.IsMeasured).ToDictionary(pair => pair.Key, pair => pair.Value.Figures(pair.Key, FigureSource.Metrics));
    }

    private static IEnumerable<ServiceFigures> FromSpans(SqliteConnection connection, Steps steps, string? service)
    {
        Dictionary<string, Tally> tallies = [];
        using Query query = new(connection, """
            SELECT e.to_name, c.time, c.count, c.errors, c.durations FROM calls c JOIN edges e ON e.id = c.edge
            """);
        query.Where("c.time >= {0} AND c.time < {1}", steps.First, steps.End);
        // What comes out of a queue is no request.
        query.Where("e.to_kind = {0} AND e.from_kind IN ({1}, {2})", (int)PeerKind.Service, (int)PeerKind.Outside, (int)PeerKind.Service);
        foreach (var row in query.WhereGiven("e.to_name = {0}", service).Read(row => (
            Service: row.GetString(0), Time: row.GetInt64(1), Count: row.GetInt64(2), Errors: row.GetInt64(3), Durations: row.GetFieldValue<byte[]>(4))))
        {
            if (!tallies.TryGetValue(row.Service, out Tally? tally)) tallies[row.Service] = tally = new Tally(steps);
            tally.Add((int)((row.Time - steps.First) / steps.Seconds), row.Count, row.Errors, SteadyBounds.All, row.Durations, 1);
        }

        return tallies.Select(pair => pair.Value.Figures(pair.Key, FigureSource.Spans));
    }

    private static bool IsProbe(StoredSeries series) =>
        series.Attributes.GetValueOrDefault(RouteAttribute)?.StartsWith("/health", StringComparison.Ordinal) == true;

    private static bool IsError(StoredSeries series) =>
        int.TryParse(series.Attributes.GetValueOrDefault(StatusAttribute), NumberStyles.None, CultureInfo.InvariantCulture, out int status)
        && status >= FirstServerError;

    /// <summary>What comes together for one service.</summary>
    private sealed class Tally(Steps steps)
    {
        private readonly double?[] _requests = new double?[steps.Count];
        private readonly double[] _errors = new double[steps.Count];
        private readonly Distribution _durations = new(steps.Count);

        public bool IsMeasured => Array.Exists(_requests, count => count is not null);

        public void Add(int step, double requests, double errors, double[] bounds, byte[]? buckets, double share)
        {
            _requests[step] = (_requests[step] ?? 0) + (requests * share);
            _errors[step] += errors * share;
            _durations.Add(bounds, step, buckets, share);
        }

        public ServiceFigures Figures(string service, FigureSource source)
        {
            Figure total = Of(
                steps.TimeOf(0), _requests.Sum(), _errors.Sum(), steps.Seconds * (double)steps.Count, _durations.Percentile(0.5), _durations.Percentile(0.99));
            return new ServiceFigures(service, source, total, [.. Enumerable.Range(0, steps.Count).Select(step => Of(
                steps.TimeOf(step), _requests[step], _errors[step], steps.Seconds, _durations.Percentile(step, 0.5), _durations.Percentile(step, 0.99)))]);
        }

        private static Figure Of(DateTimeOffset time, double? requests, double errors, double seconds, double? p50, double? p99) =>
            new(time, requests / seconds, requests is null ? null : errors / seconds, Span(p50), Span(p99));

        private static TimeSpan? Span(double? seconds) => seconds is { } value ? TimeSpan.FromSeconds(value) : null;
    }
}
