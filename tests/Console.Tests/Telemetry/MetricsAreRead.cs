using Quintet.Console.Telemetry.Figures;
using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Tests.Telemetry;

public sealed class MetricsAreRead : IDisposable
{
    private static readonly TimeSpan TenSeconds = TimeSpan.FromSeconds(10);

    private readonly TestStore _store = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Metrics Metrics => new(_store.Reader);

    [Fact]
    public async Task A_counter_becomes_a_rate_with_gaps_where_nothing_was_told()
    {
        _store.Add(Otlp.Metrics("shop", Otlp.Counter("orders", -3600, -1, 1000))); // an old counter: what it grew before is not known
        _store.Add(Otlp.Metrics("shop", Otlp.Counter("orders", -3600, 9, 1100)));
        _store.Add(Otlp.Metrics("shop", Otlp.Counter("orders", -3600, 19, 1100)));
        _store.Add(Otlp.Metrics("shop", Otlp.Counter("orders", 40, 49, 45))); // began anew

        Assert.Equal([10, 0, null, null, 5, null], await RateAsync(Filter("orders", 0, 60)));
    }

    [Fact]
    public async Task An_export_every_minute_is_a_rate_for_every_step_of_it()
    {
        _store.Add(Otlp.Metrics("shop", Otlp.Counter("orders", -3600, -1, 0)), Otlp.Metrics("shop", Otlp.Counter("orders", -3600, 59, 600)));

        Assert.All(await RateAsync(Filter("orders", 0, 60)), rate => Assert.Equal(10, rate!.Value, 6));
    }

    [Fact]
    public async Task What_is_sent_again_counts_once()
    {
        _store.Add(Otlp.Metrics("shop", Otlp.Counter("orders", 0, 9, 90)));
        _store.Add(Otlp.Metrics("shop", Otlp.Counter("orders", 0, 9, 90)));
        _store.Add(Otlp.Metrics("shop", Otlp.Counter("orders", 0, 8, 80)));

        Assert.Equal([10.0], await RateAsync(Filter("orders", 0, 10)));
    }

    [Fact]
    public async Task Deltas_are_what_they_say()
    {
        Metric delta = Otlp.Counter("orders", 0, 10, 30);
        delta.Sum.AggregationTemporality = 1;
        Metric next = Otlp.Counter("orders", 10, 20, 50);
        next.Sum.AggregationTemporality = 1;
        _store.Add(Otlp.Metrics("shop", delta), Otlp.Metrics("shop", next));

        Assert.Equal([3, 5], await RateAsync(Filter("orders", 0, 20)));
    }

    [Fact]
    public async Task Series_are_chosen_and_put_together()
    {
        _store.Add(
            Otlp.MetricsOf(
                "shop", "1", Otlp.Counter("orders", 0, 10, 10, Otlp.Pair("kind", "book")), Otlp.Counter("orders", 0, 10, 20, Otlp.Pair("kind", "pen"))),
            Otlp.MetricsOf("shop", "2", Otlp.Counter("orders", 0, 10, 30, Otlp.Pair("kind", "book"))),
            Otlp.MetricsOf("other", "1", Otlp.Counter("orders", 0, 10, 100)));
        MetricFilter all = Filter("orders", 0, 10);

        Assert.Equal([16.0], await RateAsync(all));
        Assert.Equal([6.0], await RateAsync(all with { Service = "shop" }));
        Assert.Equal([3.0], await RateAsync(all with { Service = "shop", Instance = "2" }));
        Assert.Equal([4.0], await RateAsync(all with { Attributes = new Dictionary<string, string> { ["kind"] = "book" } }));
        List<MetricLine> lines = await Metrics.RateAsync(all with { Service = "shop", By = ["kind", "instance"] }, Stop);
        Assert.Equal(["book 1", "book 2", "pen 1"], lines.Select(line => $"{line.Labels["kind"]} {line.Labels["instance"]}"));
    }

    [Fact]
    public async Task Percentiles_come_from_the_buckets_of_all_series()
    {
        double[] bounds = [0.1, 0.2, 1];
        _store.Add(Otlp.MetricsOf("shop", "1", Otlp.Histogram("wait", 0, 9, bounds, [50, 0, 0, 0])));
        _store.Add(Otlp.MetricsOf("shop", "2", Otlp.Histogram("wait", 0, 9, bounds, [0, 50, 0, 0])));
        _store.Add(Otlp.MetricsOf("shop", "2", Otlp.Histogram("wait", 0, 19, bounds, [0, 50, 10, 0])));

        List<MetricLine> half = await Metrics.PercentileAsync(Filter("wait", 0, 30), 0.5, Stop);
        List<MetricLine> most = await Metrics.PercentileAsync(Filter("wait", 0, 30), 0.99, Stop);

        Assert.Equal(0.1, half[0].Points[0].Value!.Value, 2);
        Assert.InRange(most[0].Points[0].Value!.Value, 0.19, 0.93);
        Assert.InRange(half[0].Points[1].Value!.Value, 0.2, 1);
        Assert.Null(half[0].Points[2].Value);
    }

    [Fact]
    public async Task An_exponential_histogram_has_percentiles_too()
    {
        Metric metric = new()
        {
            Name = "wait",
            ExponentialHistogram = new ExponentialHistogram
            {
                AggregationTemporality = 1,
                DataPoints =
                {
                    new ExponentialHistogramDataPoint
                    {
                        StartTimeUnixNano = Otlp.Nano(Otlp.Noon), TimeUnixNano = Otlp.Nano(Otlp.Noon.AddSeconds(9)), Count = 100, Scale = 3,
                        Positive = new ExponentialHistogramDataPoint.Types.Buckets { Offset = 8, BucketCounts = { 100 } }, // from 2 to 2.18
                    },
                },
            },
        };
        _store.Add(Otlp.Metrics("shop", metric));

        Assert.InRange((await Metrics.PercentileAsync(Filter("wait", 0, 10), 0.9, Stop))[0].Points[0].Value!.Value, 1.9, 2.4);
    }

    [Fact]
    public async Task A_gauge_is_its_mean_and_a_sum_that_shrinks_is_a_gauge()
    {
        _store.Add(Otlp.Metrics("shop", Otlp.Gauge("depth", 1, 4)), Otlp.Metrics("shop", Otlp.Gauge("depth", 12, 8)));
        Metric open = Otlp.Counter("open", 0, 5, 7);
        open.Sum.IsMonotonic = false;
        _store.Add(Otlp.Metrics("shop", open));

        Assert.Equal([4, 8, null], (await Metrics.GaugeAsync(Filter("depth", 0, 30), Stop))[0].Points.Select(point => point.Value));
        MetricFilter coarse = Filter("depth", 0, 40) with { Step = TimeSpan.FromSeconds(20) };
        Assert.Equal([6, null], (await Metrics.GaugeAsync(coarse, Stop))[0].Points.Select(point => point.Value));
        Assert.Equal(7, (await Metrics.GaugeAsync(Filter("open", 0, 10), Stop))[0].Points[0].Value);
    }

    [Fact]
    public async Task Too_many_steps_are_refused()
    {
        InvalidQueryException fault = await Assert.ThrowsAsync<InvalidQueryException>(
            () => Metrics.RateAsync(Filter("orders", 0, 100_000) with { Step = TimeSpan.FromSeconds(1) }, Stop));

        Assert.Equal("step", fault.Parameter);
    }

    [Fact]
    public async Task Request_figures_come_from_the_metric_and_leave_out_probes()
    {
        double[] bounds = [0.1, 1];
        _store.Add(Otlp.Metrics(
            "users",
            Otlp.Histogram(RequestFigures.Metric, 0, 9, bounds, [80, 0, 0], Otlp.Pair("http.route", "/users"), Otlp.Pair("http.response.status_code", 200)),
            Otlp.Histogram(RequestFigures.Metric, 0, 9, bounds, [0, 10, 0], Otlp.Pair("http.route", "/users"), Otlp.Pair("http.response.status_code", 503)),
            Otlp.Histogram(RequestFigures.Metric, 0, 9, bounds, [500, 0, 0], Otlp.Pair("http.route", "/health/ready"))));

        ServiceFigures users = Assert.Single(await FiguresAsync());

        Assert.Equal((FigureSource.Metrics, 9.0, 1.0), (users.Source, users.Points[0].Rate!.Value, users.Points[0].ErrorRate!.Value));
        Assert.InRange(users.Points[0].P99!.Value.TotalSeconds, 0.1, 1);
        Assert.InRange(users.Points[0].P50!.Value.TotalSeconds, 0, 0.1);
        Assert.Null(users.Points[1].Rate);
    }

    [Fact]
    public async Task Request_figures_of_a_service_without_metrics_come_from_its_spans()
    {
        _store.Add(Otlp.Spans("legacy", [.. Enumerable.Range(1, 10).Select(i => Otlp.Span(i, 1, kind: 2, at: 1, seconds: 0.05, isError: i == 1))]));
        _store.Settle();

        ServiceFigures legacy = Assert.Single(await FiguresAsync());

        Assert.Equal((FigureSource.Spans, 1.0, 0.1), (legacy.Source, legacy.Points[0].Rate!.Value, legacy.Points[0].ErrorRate!.Value));
        Assert.InRange(legacy.Total.P50!.Value.TotalSeconds, 0.045, 0.06);
    }

    public void Dispose() => _store.Dispose();

    private static MetricFilter Filter(string name, double from, double to) =>
        new(name, new TimeRange(Otlp.Noon.AddSeconds(from), Otlp.Noon.AddSeconds(to)), TenSeconds);

    private Task<List<ServiceFigures>> FiguresAsync() =>
        new RequestFigures(_store.Reader).OfAsync(new TimeRange(Otlp.Noon, Otlp.Noon.AddSeconds(20)), TenSeconds, null, Stop);

    private async Task<List<double?>> RateAsync(MetricFilter filter) =>
        [.. Assert.Single(await Metrics.RateAsync(filter, Stop)).Points.Select(point => point.Value is { } value ? Math.Round(value, 6) : (double?)null)];
}
