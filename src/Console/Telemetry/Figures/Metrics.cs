using Microsoft.Data.Sqlite;
using Quintet.Console.Telemetry.Queries;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Figures;

/// <summary>Metrics over time.</summary>
internal sealed class Metrics(StoreReader reader)
{
    /// <summary>What a counter grew, or a histogram counted, a second; the series of a line are added up.</summary>
    public Task<List<MetricLine>> RateAsync(MetricFilter filter, CancellationToken cancellationToken) => LinesAsync(filter, Rates, cancellationToken);

    /// <summary>A percentile of a histogram, by the buckets of all series of a line.</summary>
    /// <param name="filter">The histogram.</param>
    /// <param name="share">0.99 is the 99th percentile.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    public Task<List<MetricLine>> PercentileAsync(MetricFilter filter, double share, CancellationToken cancellationToken)
    {
        if (share is not (> 0 and < 1)) throw new InvalidQueryException("percentile", "must be between 0 and 1");
        return LinesAsync(filter, (connection, series, steps) => Percentiles(connection, series, steps, share), cancellationToken);
    }

    /// <summary>A level: the mean of a series within a step; the series of a line are added up.</summary>
    public Task<List<MetricLine>> GaugeAsync(MetricFilter filter, CancellationToken cancellationToken) => LinesAsync(filter, Levels, cancellationToken);

    /// <summary>The names of what is kept.</summary>
    public Task<List<MetricName>> NamesAsync(string? service, CancellationToken cancellationToken) =>
        reader.QueryAsync(
            connection =>
            {
                using Query query = new(connection, "SELECT name, unit, kind, count(*) FROM series");
                return query.WhereGiven("service = {0}", service).Add(" GROUP BY name, unit, kind ORDER BY name LIMIT {0}", reader.Limits.RowsMax).Read(
                    row => new MetricName(row.GetString(0), row.GetString(1), $"{(SeriesKind)row.GetInt32(2)}".ToLowerInvariant(), row.GetInt32(3)));
            },
            cancellationToken);

    private Task<List<MetricLine>> LinesAsync(
        MetricFilter filter, Func<SqliteConnection, List<StoredSeries>, Steps, double?[]> measure, CancellationToken cancellationToken)
    {
        Steps steps = filter.Range.StepsOf(filter.Step, reader.Limits.StepsMax);
        return reader.QueryAsync(connection => Lines(connection, filter, steps, measure), cancellationToken);
    }

    private List<MetricLine> Lines(
        SqliteConnection connection, MetricFilter filter, Steps steps, Func<SqliteConnection, List<StoredSeries>, Steps, double?[]> measure)
    {
        List<MetricLine> lines = [];
        var groups = SeriesReader.Series(connection, filter)
            .GroupBy(series => string.Join('\n', filter.By.Select(series.Label)), StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal);
        foreach (IGrouping<string, StoredSeries> group in groups.Take(reader.Limits.RowsMax))
        {
            List<StoredSeries> series = [.. group];
            double?[] values = measure(connection, series, steps);
            Dictionary<string, string> labels = filter.By.Distinct().ToDictionary(name => name, name => series[0].Label(name) ?? "");
            lines.Add(new MetricLine(labels, series[0].Unit, [.. values.Select((value, step) => new MetricPoint(steps.TimeOf(step), value))]));
        }

        return lines;
    }

    private static double?[] Rates(SqliteConnection connection, List<StoredSeries> all, Steps steps)
    {
        double?[] rates = new double?[steps.Count];
        foreach (StoredSeries series in all.Where(series => series.Kind != SeriesKind.Gauge))
        {
            double[] grown = new double[steps.Count];
            double[] covered = new double[steps.Count];
            foreach (StoredPoint point in SeriesReader.Points(connection, series.Id, steps))
                foreach ((int step, double seconds) in steps.Touched(point.Since, point.Time))
                {
                    grown[step] += (series.Kind == SeriesKind.Histogram ? point.Count : point.Value) * seconds / point.Covered;
                    covered[step] += seconds;
                }

            for (int step = 0; step < steps.Count; step++)
                if (covered[step] > 0) rates[step] = (rates[step] ?? 0) + (grown[step] / covered[step]);
        }

        return rates;
    }

    private static double?[] Percentiles(SqliteConnection connection, List<StoredSeries> all, Steps steps, double share)
    {
        Distribution distribution = new(steps.Count);
        foreach (StoredSeries series in all)
            foreach (StoredPoint point in SeriesReader.Points(connection, series.Id, steps))
                foreach ((int step, double seconds) in steps.Touched(point.Since, point.Time))
                    distribution.Add(series.Bounds, step, point.Buckets, seconds / point.Covered);
        return [.. Enumerable.Range(0, steps.Count).Select(step => distribution.Percentile(step, share))];
    }

    private static double?[] Levels(SqliteConnection connection, List<StoredSeries> all, Steps steps)
    {
        double?[] levels = new double?[steps.Count];
        foreach (StoredSeries series in all.Where(series => series.Kind == SeriesKind.Gauge))
            foreach (IGrouping<int, StoredPoint> within in SeriesReader.Points(connection, series.Id, steps)
                .GroupBy(point => (int)Math.Floor((point.Time - SeriesTable.PointSeconds - steps.First) / (double)steps.Seconds)))
                if (within.Key >= 0 && within.Key < steps.Count) levels[within.Key] = (levels[within.Key] ?? 0) + within.Average(point => point.Value);
        return levels;
    }
}
