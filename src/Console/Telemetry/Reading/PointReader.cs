using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Reading;

/// <summary>Points of metrics of a request as rows.</summary>
internal sealed class PointReader(AttributeReader attributes)
{
    private const int Delta = 1;
    private const uint NoRecordedValue = 1;

    /// <summary>More bounds than any instrument has; what has more is rejected.</summary>
    private const int BoundsMax = 1024;

    public Batch Read(ExportMetricsServiceRequest request)
    {
        Batch batch = new();
        foreach (ResourceMetrics ofResource in request.ResourceMetrics)
        {
            ResourceRow resource = attributes.ReadResource(ofResource.Resource);
            foreach (ScopeMetrics ofScope in ofResource.ScopeMetrics)
                foreach (Metric metric in ofScope.Metrics)
                    foreach (PointRow point in Points(metric, resource, attributes.Cut(ofScope.Scope?.Name ?? "")))
                        Add(batch, point);
        }

        return batch;
    }

    private static void Add(Batch batch, PointRow point)
    {
        if (point.Name.Length == 0) batch.Reject("a metric needs a name");
        else if (point.Time <= 0 || point.Start < 0) batch.Reject("time_unix_nano must be a time between 1970 and 2262");
        else if (!double.IsFinite(point.Value)) batch.Reject("a value must be a finite number");
        else if (point.Count < 0 || point.Buckets?.Any(count => count < 0) == true) batch.Reject("a count must be below 2^63");
        else if (point.Bounds is { } bounds && !AreBounds(bounds, point.Buckets!.Length)) batch.Reject("a histogram has one bucket more than ascending bounds");
        else batch.Points.Add(point);
    }

    private static bool AreBounds(double[] bounds, int buckets)
    {
        if (bounds.Length > BoundsMax || buckets != bounds.Length + 1) return false;
        for (int i = 0; i < bounds.Length; i++)
            if (double.IsNaN(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1])) return false;
        return true;
    }

    private IEnumerable<PointRow> Points(Metric metric, ResourceRow resource, string scope) => metric.DataCase switch
    {
        Metric.DataOneofCase.Gauge => metric.Gauge.DataPoints.Where(point => IsRecorded(point.Flags))
            .Select(point => Number(metric, point, SeriesKind.Gauge, isCumulative: true, resource, scope)),
        // A sum that also shrinks is a level: what counts is how high it is.
        Metric.DataOneofCase.Sum => metric.Sum.DataPoints.Where(point => IsRecorded(point.Flags))
            .Select(point => Number(
                metric, point, metric.Sum.IsMonotonic ? SeriesKind.Counter : SeriesKind.Gauge, metric.Sum.AggregationTemporality != Delta, resource, scope)),
        Metric.DataOneofCase.Histogram => metric.Histogram.DataPoints.Where(point => IsRecorded(point.Flags))
            .Select(point => Explicit(metric, point, resource, scope)),
        Metric.DataOneofCase.ExponentialHistogram => metric.ExponentialHistogram.DataPoints.Where(point => IsRecorded(point.Flags))
            .Select(point => Exponential(metric, point, resource, scope)),
        Metric.DataOneofCase.Summary => metric.Summary.DataPoints.Where(point => IsRecorded(point.Flags))
            .Select(point => Counted(metric, point, resource, scope)),
        _ => [],
    };

    private static bool IsRecorded(uint flags) => (flags & NoRecordedValue) == 0;

    private PointRow Number(Metric metric, NumberDataPoint point, SeriesKind kind, bool isCumulative, ResourceRow resource, string scope) =>
        new(resource, scope, attributes.Cut(metric.Name), kind, attributes.Cut(metric.Unit), attributes.ToJson(point.Attributes, sorted: true), isCumulative,
            (long)point.StartTimeUnixNano, (long)point.TimeUnixNano,
            point.ValueCase == NumberDataPoint.ValueOneofCase.AsInt ? point.AsInt : point.AsDouble, 0, null, null);

    private PointRow Explicit(Metric metric, HistogramDataPoint point, ResourceRow resource, string scope)
    {
        // Without buckets it is still a count and a sum: everything is in one bucket.
        long[] buckets = point.BucketCounts.Count == 0 ? [(long)point.Count] : [.. point.BucketCounts.Select(count => (long)count)];
        return new(
            resource, scope, attributes.Cut(metric.Name), SeriesKind.Histogram, attributes.Cut(metric.Unit), attributes.ToJson(point.Attributes, sorted: true),
            metric.Histogram.AggregationTemporality != Delta, (long)point.StartTimeUnixNano, (long)point.TimeUnixNano, point.Sum, (long)point.Count,
            [.. point.ExplicitBounds], buckets);
    }

    /// <summary>An exponential histogram changes its scale as it goes; it is kept in buckets of one steady width.</summary>
    private PointRow Exponential(Metric metric, ExponentialHistogramDataPoint point, ResourceRow resource, string scope)
    {
        long[] buckets = new long[SteadyBounds.All.Length + 1];
        buckets[0] = (long)point.ZeroCount;
        double width = Math.Pow(2, Math.Pow(2, -point.Scale));
        for (int i = 0; i < (point.Positive?.BucketCounts.Count ?? 0); i++)
            buckets[SteadyBounds.BucketOf(Math.Pow(width, point.Positive!.Offset + i + 0.5))] += (long)point.Positive.BucketCounts[i];
        return new(
            resource, scope, attributes.Cut(metric.Name), SeriesKind.Histogram, attributes.Cut(metric.Unit), attributes.ToJson(point.Attributes, sorted: true),
            metric.ExponentialHistogram.AggregationTemporality != Delta, (long)point.StartTimeUnixNano, (long)point.TimeUnixNano, point.Sum,
            (long)point.Count, SteadyBounds.All, buckets);
    }

    private PointRow Counted(Metric metric, SummaryDataPoint point, ResourceRow resource, string scope) =>
        new(resource, scope, attributes.Cut(metric.Name), SeriesKind.Histogram, attributes.Cut(metric.Unit), attributes.ToJson(point.Attributes, sorted: true),
            true, (long)point.StartTimeUnixNano, (long)point.TimeUnixNano, point.Sum, (long)point.Count, [], [(long)point.Count]);
}
