using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Quintet.Console.Telemetry.Figures;
using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Queries;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;

namespace Quintet.Console.Tests.Telemetry;

/// <summary>Forwarding to a collector that is there, slow, refusing, or away.</summary>
public sealed class AnotherCollectorGetsEverything
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("HttpProtobuf")]
    [InlineData("Grpc")]
    public async Task A_second_console_has_what_the_first_one_got(string protocol)
    {
        await using ReceivingConsole second = await ReceivingConsole.StartAsync();
        await using ReceivingConsole first = await ReceivingConsole.StartAsync(
            ("Telemetry:Forward:Url", (protocol == "Grpc" ? second.Grpc : second.Http).ToString()), ("Telemetry:Forward:Protocol", protocol));

        await first.SendAsync("/v1/traces", Otlp.Spans("shop", Otlp.Span(1, 1)));
        using (HttpResponseMessage json = await first.PostAsync(
            "/v1/traces",
            System.Text.Encoding.UTF8.GetBytes($$$"""
                {"resourceSpans":[{"scopeSpans":[{"spans":[
                  {"traceId":"{{{Otlp.Hex(2)}}}","spanId":"00000000000000AB","name":"json","startTimeUnixNano":"1780315200000000000"}]}]}]}
                """),
            "application/json"))
            Assert.Equal(System.Net.HttpStatusCode.OK, json.StatusCode);
        await first.SendAsync("/v1/metrics", Otlp.Metrics("shop", Otlp.Gauge("depth", 0, 1)));
        await first.SendAsync("/v1/logs", Otlp.Logs("shop", Otlp.Log("the last"))); // in order: when it is there, all is

        await Eventually.TrueAsync(
            "the last has arrived", async () => (await second.Get<Logs>().SearchAsync(new LogFilter(TestStore.AllDay), Stop)).Logs.Count > 0, Stop);
        Assert.NotNull(await second.Get<Traces>().GetAsync(Otlp.Hex(1), Stop));
        Assert.Equal("00000000000000ab", (await second.Get<Traces>().GetAsync(Otlp.Hex(2), Stop))!.Spans[0].SpanId);
        Assert.Single(await second.Get<Metrics>().NamesAsync("shop", Stop));
    }

    [Fact]
    public async Task It_is_tried_again_with_its_headers_until_the_collector_takes_it()
    {
        await using TestCollector collector = await TestCollector.StartAsync(503, 429, 200);
        await using ReceivingConsole console = await ReceivingConsole.StartAsync(
            ("Telemetry:Forward:Url", collector.Url), ("Telemetry:Forward:PauseMin", "00:00:00.01"), ("Telemetry:Forward:Headers", "x-key=a%20b, x-other=c"));

        await console.SendAsync("/v1/traces", Otlp.Spans("shop", Otlp.Span(1, 1)));
        await collector.TriedAsync(3);

        Assert.All(collector.Requests, request => Assert.Equal(("/v1/traces", "a b", "c"), (request.Path, request.Key, request.Other)));
        Assert.All(collector.Requests, request => Assert.Equal(Otlp.Spans("shop", Otlp.Span(1, 1)), ExportTraceServiceRequest.Parser.ParseFrom(request.Body)));
    }

    [Fact]
    public async Task What_the_collector_refuses_is_counted_and_the_next_is_sent()
    {
        using Drops drops = new();
        await using TestCollector collector = await TestCollector.StartAsync(400, 200);
        await using ReceivingConsole console = await ReceivingConsole.StartAsync(("Telemetry:Forward:Url", collector.Url));

        await console.SendAsync("/v1/traces", Otlp.Spans("shop", Otlp.Span(1, 1)));
        await console.SendAsync("/v1/logs", Otlp.Logs("shop", Otlp.Log("next")));
        await collector.TriedAsync(2);

        Assert.Equal(["/v1/traces", "/v1/logs"], collector.Requests.Select(request => request.Path));
        Assert.Contains("refused", drops.Reasons);
    }

    [Fact]
    public async Task A_dead_collector_costs_a_counter()
    {
        using Drops drops = new();
        await using ReceivingConsole console = await ReceivingConsole.StartAsync(
            ("Telemetry:Forward:Url", $"http://127.0.0.1:{FreePort.Take()}"), ("Telemetry:Forward:WaitingBytesMax", "1024"));

        for (int trace = 1; trace <= 30; trace++) await console.SendAsync("/v1/traces", Otlp.Spans("shop", Otlp.Span(trace, 1)));

        Assert.Equal(30, (await console.Get<Traces>().SearchAsync(new TraceFilter(TestStore.AllDay), Stop)).Traces.Count);
        Assert.InRange(drops.Reasons.Count(reason => reason == "no room"), 15, 29);
    }

    /// <summary>Reasons for which requests were dropped, as the counter tells them.</summary>
    private sealed class Drops : IDisposable
    {
        private readonly MeterListener _listener = new();

        public Drops()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "console.telemetry.forward.dropped") listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => Reasons.Enqueue((string)tags[0].Value!));
            _listener.Start();
        }

        public ConcurrentQueue<string> Reasons { get; } = [];

        public void Dispose() => _listener.Dispose();
    }

    /// <summary>A collector that answers as it is told, the last answer over and over.</summary>
    private sealed class TestCollector(WebApplication app) : IAsyncDisposable
    {
        private readonly SemaphoreSlim _tried = new(0);

        public ConcurrentQueue<(string Path, string Key, string Other, byte[] Body)> Requests { get; } = [];

        public string Url => app.Urls.Single();

        public static async Task<TestCollector> StartAsync(params int[] answers)
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            WebApplication app = builder.Build();
            TestCollector collector = new(app);
            Queue<int> left = new(answers);
            app.Run(async http =>
            {
                using MemoryStream body = new();
                await http.Request.Body.CopyToAsync(body);
                IHeaderDictionary headers = http.Request.Headers;
                collector.Requests.Enqueue((http.Request.Path, headers["x-key"].ToString(), headers["x-other"].ToString(), body.ToArray()));
                http.Response.StatusCode = left.Count > 1 ? left.Dequeue() : left.Peek();
                collector._tried.Release();
            });
            await app.StartAsync(Stop);
            return collector;
        }

        public async Task TriedAsync(int times)
        {
            for (int i = 0; i < times; i++) await _tried.WaitAsync(Stop);
        }

        public async ValueTask DisposeAsync()
        {
            await app.DisposeAsync();
            _tried.Dispose();
        }
    }
}
