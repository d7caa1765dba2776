using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Quintet.Console.Telemetry.Figures;
using Quintet.Console.Telemetry.Queries;
using SpanKind = Quintet.Console.Telemetry.Queries.SpanKind;

namespace Quintet.Console.Tests.Telemetry;

/// <summary>OpenTelemetry's own SDK sends over both protocols; what it sent is found.</summary>
public sealed class RealExportersAreUnderstood
{
    private static readonly ResourceBuilder Shop = ResourceBuilder.CreateEmpty().AddService("shop", serviceVersion: "3", serviceInstanceId: "shop-1");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static TimeRange Now => new(TimeProvider.System.GetUtcNow().AddHours(-1), TimeProvider.System.GetUtcNow().AddHours(1));

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task Spans_of_the_sdk_become_a_trace(OtlpExportProtocol protocol)
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync();
        using ActivitySource source = new($"Shop.{protocol}");
        string trace;
        using (TracerProvider provider = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(Shop).AddSource(source.Name)
            .AddOtlpExporter(exporter => Configure(exporter, console, protocol, "traces")).Build())
        {
            using Activity root = source.StartActivity("POST /orders", ActivityKind.Server)!;
            root.SetTag("http.response.status_code", 500).SetStatus(ActivityStatusCode.Error, "no stock");
            using (Activity child = source.StartActivity("reserve")!) child.AddEvent(new ActivityEvent("asked"));
            trace = root.TraceId.ToHexString();
            root.Stop();
            Assert.True(provider.ForceFlush());
        }

        TraceDetail detail = (await console.Get<Traces>().GetAsync(trace, Stop))!;

        Assert.Equal(("shop", "POST /orders", 500, true, 2), (
            detail.Trace.RootService, detail.Trace.Name, detail.Trace.Status, detail.Trace.IsError, detail.Trace.Spans));
        SpanEntry root2 = detail.Spans[0];
        SpanEntry child2 = detail.Spans[1];
        Assert.Equal((root2.SpanId, "shop-1", "3", source.Name), (child2.ParentId, child2.Instance, child2.Version, child2.Scope));
        Assert.Equal((SpanKind.Server, "no stock"), (root2.Kind, root2.Message));
        Assert.Contains("\"asked\"", child2.Events, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task Log_records_of_the_sdk_are_found_with_their_trace(OtlpExportProtocol protocol)
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync();
        using Activity activity = new Activity("caller").Start();
        using (ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options => options
            .SetResourceBuilder(Shop).AddOtlpExporter(exporter => Configure(exporter, console, protocol, "logs")))))
        {
            loggers.CreateLogger("Shop.Stock").LogWarning(new EventId(7, "stock.low"), "Only {Left} are left", 2);
        }

        LogPage page = await console.Get<Logs>().SearchAsync(new LogFilter(Now) { MinSeverity = 13, Text = "left" }, Stop);

        LogEntry log = Assert.Single(page.Logs);
        Assert.Equal((13, "shop", "shop-1", "Shop.Stock", "stock.low"), (log.Severity, log.Service, log.Instance, log.Scope, log.Event));
        Assert.Equal(activity.TraceId.ToHexString(), log.TraceId);
        Assert.Contains("\"Left\":2", log.Attributes, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task Metrics_of_the_sdk_become_lines(OtlpExportProtocol protocol)
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync();
        using Meter meter = new($"Shop.{protocol}");
        using (MeterProvider provider = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(Shop).AddMeter(meter.Name).AddOtlpExporter((exporter, reader) =>
        {
            Configure(exporter, console, protocol, "metrics");
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = int.MaxValue;
        }).Build())
        {
            meter.CreateCounter<long>("orders").Add(30, new KeyValuePair<string, object?>("kind", "book"));
            meter.CreateHistogram<double>("price", "eur").Record(12.5);
            meter.CreateObservableGauge("stock", () => 42.0);
            Assert.True(provider.ForceFlush());
        }

        Metrics metrics = console.Get<Metrics>();
        List<MetricLine> orders = await metrics.RateAsync(new MetricFilter("orders", Now, TimeSpan.FromHours(2)) { By = ["kind"] }, Stop);
        List<MetricLine> price = await metrics.PercentileAsync(new MetricFilter("price", Now, TimeSpan.FromHours(2)), 0.5, Stop);
        List<MetricLine> stock = await metrics.GaugeAsync(new MetricFilter("stock", Now, TimeSpan.FromHours(2)), Stop);

        Assert.Equal("book", Assert.Single(orders).Labels["kind"]);
        Assert.Contains(orders[0].Points, point => point.Value > 0);
        Assert.Contains(Assert.Single(price).Points, point => point.Value is > 10 and <= 25);
        Assert.Contains(Assert.Single(stock).Points, point => point.Value == 42);
        Assert.Equal(["orders", "price", "stock"], (await metrics.NamesAsync("shop", Stop)).Select(name => name.Name));
    }

    private static void Configure(OtlpExporterOptions exporter, ReceivingConsole console, OtlpExportProtocol protocol, string signal)
    {
        exporter.Protocol = protocol;
        exporter.Endpoint = protocol == OtlpExportProtocol.Grpc ? console.Grpc : new Uri(console.Http, $"/v1/{signal}");
        exporter.ExportProcessorType = ExportProcessorType.Simple;
    }
}
