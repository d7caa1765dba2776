using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Protocol.Rpc;
using Quintet.Console.Telemetry.Queries;
using Quintet.Console.Telemetry.Receiving;
using Quintet.TestKit.Files;

namespace Quintet.Console.Tests.Telemetry;

/// <summary>What the specification of OTLP says of answers, over HTTP and gRPC.</summary>
public sealed class RefusalsFollowTheSpecification
{
    private const string Protobuf = "application/x-protobuf";

    private static readonly byte[] Good = Otlp.Spans("shop", Otlp.Span(1, 1)).ToByteArray();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_cannot_be_read_is_a_bad_request_in_its_own_encoding()
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync();

        foreach (byte[] body in (byte[][])[Good[..^1], [0xff, 0xff, 0xff], [10, 200]])
        {
            using HttpResponseMessage answer = await console.PostAsync("/v1/traces", body);
            Assert.Equal((HttpStatusCode.BadRequest, Protobuf), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
            Assert.Equal(3, Status.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync(Stop)).Code);
        }

        foreach (string body in (string[])[
            "", "{", "[]", "{\"resourceSpans\":7}", "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"%\"}]}]}]}"])
        {
            using HttpResponseMessage answer = await console.PostAsync("/v1/traces", Encoding.UTF8.GetBytes(body), "application/json");
            Assert.Equal((body, HttpStatusCode.BadRequest), (body, answer.StatusCode));
            Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        }

        using HttpResponseMessage notUtf8 = await console.PostAsync("/v1/logs", [(byte)'"', 0xff, (byte)'"'], "application/json");
        Assert.Equal(HttpStatusCode.BadRequest, notUtf8.StatusCode);
        using HttpResponseMessage notGzip = await console.PostAsync("/v1/traces", Good, encoding: "gzip");
        Assert.Equal(HttpStatusCode.BadRequest, notGzip.StatusCode);
        Assert.Empty(await FindAsync(console));
    }

    [Fact]
    public async Task Other_types_methods_and_paths_are_refused()
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync();
        using HttpResponseMessage type = await console.PostAsync("/v1/traces", Good, "text/plain");
        using HttpResponseMessage encoding = await console.PostAsync("/v1/traces", Good, encoding: "br");
        using HttpResponseMessage path = await console.PostAsync("/v1/profiles", Good);
        using HttpResponseMessage method = await console.Client.GetAsync(new Uri(console.Http, "/v1/traces"), Stop);

        Assert.Equal(
            [HttpStatusCode.UnsupportedMediaType, HttpStatusCode.UnsupportedMediaType, HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed],
            new[] { type, encoding, path, method }.Select(answer => answer.StatusCode));
    }

    [Fact]
    public async Task A_body_is_bounded_before_and_after_decompression()
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync(("Telemetry:Limits:BodyBytesMax", "20000"));
        using HttpResponseMessage large = await console.PostAsync("/v1/traces", new byte[20_001]);
        using HttpResponseMessage bomb = await console.PostAsync("/v1/traces", Gzip(new byte[10_000_000]), encoding: "gzip");
        using HttpRequestMessage endless = new(HttpMethod.Post, new Uri(console.Http, "/v1/traces"));
        endless.Content = new StreamContent(new MemoryStream(new byte[20_001]));
        endless.Content.Headers.ContentType = new MediaTypeHeaderValue(Protobuf);
        endless.Headers.TransferEncodingChunked = true;
        using HttpResponseMessage chunked = await console.Client.SendAsync(endless, Stop);
        using HttpResponseMessage fits = await console.PostAsync("/v1/traces", Gzip(Good), encoding: "gzip");

        Assert.Equal(
            [HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.OK],
            new[] { large, bomb, chunked, fits }.Select(answer => answer.StatusCode));
        Assert.Single(await FindAsync(console));
    }

    [Fact]
    public async Task Who_finds_no_room_is_told_when_to_come_again()
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync(
            ("Telemetry:Limits:WaitingBytesMax", "2000"), ("Telemetry:Limits:RetryAfter", "00:00:07"));
        using (console.Get<Intake>().Reserve(1999))
        {
            using HttpResponseMessage full = await console.PostAsync("/v1/traces", Good);
            Assert.Equal((HttpStatusCode.TooManyRequests, "7"), (full.StatusCode, full.Headers.GetValues("Retry-After").Single()));
            using HttpResponseMessage grpc = await CallAsync(console.Grpc, Good);
            Assert.Equal("8", grpc.Headers.GetValues("grpc-status").Single());
            Status details = Status.Parser.ParseFrom(FromBase64(grpc.Headers.GetValues("grpc-status-details-bin").Single()));
            Assert.Equal(7, details.Details.Single().Unpack<RetryInfo>().RetryDelay.Seconds);
        }

        Assert.Empty(await FindAsync(console));
        await console.SendAsync("/v1/traces", Otlp.Spans("shop", Otlp.Span(1, 1)));
        Assert.Single(await FindAsync(console));
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_is_unavailable_and_acknowledges_nothing()
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync();
        await console.Get<Console.Telemetry.Storage.WriterLoop>().WriteAsync(store =>
        {
            Console.Telemetry.Storage.TelemetryFile.Run(store.Connection, "ALTER TABLE spans RENAME TO hidden");
            return 0;
        });

        using HttpResponseMessage away = await console.PostAsync("/v1/traces", Good);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "1"), (away.StatusCode, away.Headers.GetValues("Retry-After").Single()));
        using HttpResponseMessage grpc = await CallAsync(console.Grpc, Good);
        Assert.Equal("14", grpc.Headers.GetValues("grpc-status").Single());

        await console.SendAsync("/v1/logs", Otlp.Logs("shop", Otlp.Log("others go on")));
        await console.Get<Console.Telemetry.Storage.WriterLoop>().WriteAsync(store =>
        {
            Console.Telemetry.Storage.TelemetryFile.Run(store.Connection, "ALTER TABLE hidden RENAME TO spans");
            return 0;
        });
        using HttpResponseMessage again = await console.PostAsync("/v1/traces", Good);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(1, Assert.Single(await FindAsync(console)).Spans);
    }

    [Fact]
    public async Task What_cannot_be_stored_is_told_and_the_rest_is_stored()
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync(("Telemetry:Limits:SeriesMax", "1"));
        Span noId = Otlp.Span(2, 1);
        noId.TraceId = ByteString.Empty;
        Span noTime = Otlp.Span(3, 1);
        noTime.StartTimeUnixNano = 0;
        LogRecord late = Otlp.Log("late");
        late.TimeUnixNano = ulong.MaxValue;

        using HttpResponseMessage spans = await console.PostAsync("/v1/traces", Otlp.Spans("shop", noId, Otlp.Span(1, 1), noTime).ToByteArray());
        using HttpResponseMessage logs = await console.PostAsync("/v1/logs", Otlp.Logs("shop", late, Otlp.Log("good")).ToByteArray());
        using HttpResponseMessage points = await console.PostAsync(
            "/v1/metrics", Otlp.Metrics("shop", Otlp.Gauge("a", 0, 1), Otlp.Gauge("b", 0, 1), Otlp.Gauge("c", 0, double.NaN)).ToByteArray());

        ExportTracePartialSuccess traces = ExportTraceServiceResponse.Parser.ParseFrom(await spans.Content.ReadAsByteArrayAsync(Stop)).PartialSuccess;
        Assert.Equal((2, true), (traces.RejectedSpans, traces.ErrorMessage.Contains("start_time", StringComparison.Ordinal)));
        Assert.Equal(1, ExportLogsServiceResponse.Parser.ParseFrom(await logs.Content.ReadAsByteArrayAsync(Stop)).PartialSuccess.RejectedLogRecords);
        Assert.Equal(2, ExportMetricsServiceResponse.Parser.ParseFrom(await points.Content.ReadAsByteArrayAsync(Stop)).PartialSuccess.RejectedDataPoints);
        Assert.Single(await FindAsync(console));
    }

    [Fact]
    public async Task Telemetry_is_taken_at_its_own_ports_and_nothing_else_is_there()
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync();
        using HttpResponseMessage atPages = await console.Client.PostAsync(
            new Uri("/v1/traces", UriKind.Relative), new ByteArrayContent(Good) { Headers = { ContentType = new MediaTypeHeaderValue(Protobuf) } }, Stop);
        using HttpResponseMessage healthAtPages = await console.Client.GetAsync(new Uri("/health/ready", UriKind.Relative), Stop);
        using HttpResponseMessage healthAtHttp = await console.Client.GetAsync(new Uri(console.Http, "/health/ready"), Stop);

        Assert.Equal(HttpStatusCode.Unauthorized, atPages.StatusCode); // the pages' port asks whoever comes to log in
        Assert.Equal(HttpStatusCode.OK, healthAtPages.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, healthAtHttp.StatusCode);
    }

    [Fact]
    public async Task A_port_can_be_switched_off()
    {
        using TempFolder folder = new();
        string settings = folder["settings.json"];
        await File.WriteAllTextAsync(
            settings,
            JsonSerializer.Serialize(new
            {
                Console = new { Port = 0, DataFolder = folder["data"], Telemetry = new { GrpcPort = (int?)null, HttpPort = (int?)null } },
            }),
            Stop);
        await using Microsoft.AspNetCore.Builder.WebApplication quiet = ConsoleBox.Build(
            new Hosting.Settings.BoxSettings(settings, new Dictionary<string, string?>()));
        await quiet.StartAsync(Stop);

        Assert.Single(quiet.Urls);
        await quiet.StopAsync(Stop);
    }

    private static async Task<IReadOnlyList<TraceEntry>> FindAsync(ReceivingConsole console) =>
        (await console.Get<Traces>().SearchAsync(new TraceFilter(TestStore.AllDay), Stop)).Traces;

    private static byte[] Gzip(byte[] body)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest)) gzip.Write(body);
        return packed.ToArray();
    }

    private static byte[] FromBase64(string unpadded) => Convert.FromBase64String(unpadded.PadRight((unpadded.Length + 3) / 4 * 4, '='));

    /// <summary>A unary call as any gRPC client makes it.</summary>
    private static async Task<HttpResponseMessage> CallAsync(Uri address, byte[] message)
    {
        using HttpClient client = new(new SocketsHttpHandler());
        byte[] framed = [0, .. BitConverter.GetBytes(IPAddress.HostToNetworkOrder(message.Length)), .. message];
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(address, "/opentelemetry.proto.collector.trace.v1.TraceService/Export"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(framed) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        return await client.SendAsync(request, Stop);
    }
}
