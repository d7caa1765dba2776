using System.Net;
using System.Text.Json;
using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Tests.Telemetry;

/// <summary>The same questions over HTTP, as JSON.</summary>
public sealed class TheApiAnswers
{
    private const string Range = "from=2026-06-01T11:00:00Z&to=2026-06-01T13:00:00Z";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_kind_of_telemetry_can_be_asked_for()
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync(("Telemetry:Sampling:Quiet", "00:00:00.1"));
        await console.SendAsync("/v1/traces", Otlp.Spans(
            "shop", Otlp.Span(1, 1, name: "GET /orders", kind: 2, seconds: 0.25, attributes: Otlp.Pair("http.route", "/orders"))));
        await console.SendAsync("/v1/logs", Otlp.Logs("shop", Otlp.Log("a line", trace: 1)));
        await console.SendAsync("/v1/metrics", Otlp.Metrics(
            "shop", Otlp.Counter("orders", 0, 10, 50), Otlp.Histogram("wait", 0, 10, [1, 2], [4, 0, 0]), Otlp.Gauge("depth", 10, 3)));
        await console.SendAsync("/v1/logs", Otlp.Logs("shop", Otlp.Log("quintet.hop", attributes: [
            Otlp.Pair("event.name", "quintet.hop"), Otlp.Pair("quintet.event.id", "e1"), Otlp.Pair("quintet.hop.stage", "outbox")])));

        JsonElement trace = (await GetAsync(console, $"traces?{Range}&service=shop&order=slowest&min_duration=200ms")).GetProperty("traces")[0];
        Assert.Equal((Otlp.Hex(1), "GET /orders"), (trace.GetProperty("trace_id").GetString(), trace.GetProperty("name").GetString()));
        Assert.Equal(0.25, trace.GetProperty("duration").GetDouble());
        JsonElement detail = await GetAsync(console, $"traces/{Otlp.Hex(1)}");
        Assert.Equal("/orders", detail.GetProperty("spans")[0].GetProperty("attributes").GetProperty("http.route").GetString());
        Assert.Equal("server", detail.GetProperty("spans")[0].GetProperty("kind").GetString());
        Assert.Equal("a line", detail.GetProperty("logs")[0].GetProperty("body").GetString());
        Assert.Equal("a line", (await GetAsync(console, $"logs?from=2026-06-01T11:00:00Z&text=line")).GetProperty("logs")[0].GetProperty("body").GetString());
        Assert.Equal(3, (await GetAsync(console, $"metrics?{Range}")).GetArrayLength());
        string ten = "from=2026-06-01T12:00:00Z&to=2026-06-01T12:00:10Z";
        Assert.Equal(5, Value(await GetAsync(console, $"metrics?{ten}&name=orders&by=service")));
        Assert.Equal(0.5, Value(await GetAsync(console, $"metrics?{ten}&name=wait&percentile=0.5")));
        Assert.Equal(3, Value(await GetAsync(console, $"metrics?{ten}&name=depth&gauge=true")));
        Assert.Equal(0, (await GetAsync(console, $"metrics?{ten}&name=orders&attribute.kind=book")).GetArrayLength());
        Assert.Equal("outbox", (await GetAsync(console, "hops?event=e1"))[0].GetProperty("stage").GetString());

        // Calls are counted when the trace went quiet.
        await TestKit.Processes.Eventually.TrueAsync(
            "the call is counted", async () => (await GetAsync(console, $"calls?{Range}")).GetArrayLength() == 1, Stop);
        JsonElement call = (await GetAsync(console, $"calls?{Range}"))[0];
        Assert.Equal(("outside", "shop"), (call.GetProperty("from").GetProperty("kind").GetString(), call.GetProperty("to").GetProperty("name").GetString()));
        Assert.Equal("spans", (await GetAsync(console, $"requests?{Range}&step=1m"))[0].GetProperty("source").GetString());

        JsonElement map = await GetAsync(console, $"map?{Range}");
        JsonElement edge = Assert.Single(map.GetProperty("edges").EnumerateArray());
        Assert.Equal(("outside", "service:shop", "seen"), (Text(edge, "from"), Text(edge, "to"), Text(edge, "state")));
        Assert.Equal((1, 0), (edge.GetProperty("count").GetInt32(), edge.GetProperty("error_share").GetDouble()));
        Assert.False(edge.GetProperty("recent").GetBoolean());
        Assert.InRange(edge.GetProperty("p50").GetDouble(), 0.2, 0.3);
        IEnumerable<(string?, string?)> nodes = map.GetProperty("nodes").EnumerateArray().Select(n => (Text(n, "kind"), Text(n, "layer")));
        Assert.Equal([("outside", "outside"), ("service", "front")], nodes);
    }

    [Fact]
    public async Task The_map_is_for_those_who_may_look()
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync();
        using HttpClient stranger = new(new SocketsHttpHandler()) { BaseAddress = console.Client.BaseAddress };
        using HttpResponseMessage answer = await stranger.GetAsync(new Uri("/api/v1/map", UriKind.Relative), Stop);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Theory]
    [InlineData("traces?status=bad", "status")]
    [InlineData("traces?error=7", "error")]
    [InlineData("traces?min_duration=5y", "min_duration")]
    [InlineData("traces?order=2", "order")]
    [InlineData("traces?from=yesterday", "from")]
    [InlineData("traces?from=2026-06-02T00:00:00Z&to=2026-06-01T00:00:00Z", "to")]
    [InlineData("traces?servcie=shop", "servcie")]
    [InlineData("traces?cursor=1", "cursor")]
    [InlineData("traces/xyz", "trace")]
    [InlineData("logs?trace=1", "trace")]
    [InlineData("metrics?name=a&percentile=99", "percentile")]
    [InlineData("metrics?name=a&step=10ms", "step")]
    [InlineData("traces?parts=perhaps", "parts")]
    [InlineData("map?last=soon", "last")]
    [InlineData("map?service=shop", "service")]
    [InlineData("hops", "event")]
    [InlineData("hops?event=1&subject=2", "event")]
    public async Task A_faulty_question_is_a_problem_that_names_the_parameter(string path, string parameter)
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync();
        using HttpResponseMessage answer = await console.Client.GetAsync(new Uri($"/api/v1/{path}", UriKind.Relative), Stop);
        JsonElement problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop)).RootElement;

        Assert.Equal((HttpStatusCode.BadRequest, "urn:quintet:error:invalid-query"), (answer.StatusCode, problem.GetProperty("type").GetString()));
        Assert.Equal(parameter, Assert.Single(problem.GetProperty("errors").EnumerateObject()).Name);
    }

    [Fact]
    public async Task An_unknown_trace_and_a_slow_question_are_problems()
    {
        await using ReceivingConsole console = await ReceivingConsole.StartAsync(
            ("Telemetry:Limits:QueriesMax", "1"), ("Telemetry:Limits:QueryTimeout", "00:00:00.2"));
        using HttpResponseMessage unknown = await console.Client.GetAsync(new Uri($"/api/v1/traces/{Otlp.Hex(1)}", UriKind.Relative), Stop);
        Assert.Equal((HttpStatusCode.NotFound, "urn:quintet:error:trace-unknown"), (unknown.StatusCode, await TypeOf(unknown)));

        using SemaphoreSlim end = new(0);
        Task<bool> busy = console.Get<StoreReader>().QueryAsync(_ => end.Wait(TimeSpan.FromMinutes(1)), Stop);
        using HttpResponseMessage late = await console.Client.GetAsync(new Uri("/api/v1/calls", UriKind.Relative), Stop);
        end.Release();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "urn:quintet:error:query-timeout"), (late.StatusCode, await TypeOf(late)));
        Assert.True(await busy);
    }

    private static double Value(JsonElement lines) => lines[0].GetProperty("points")[0].GetProperty("value").GetDouble();

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static async Task<string?> TypeOf(HttpResponseMessage answer) =>
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop)).RootElement.GetProperty("type").GetString();

    private static async Task<JsonElement> GetAsync(ReceivingConsole console, string path)
    {
        using HttpResponseMessage answer = await console.Client.GetAsync(new Uri($"/api/v1/{path}", UriKind.Relative), Stop);
        string text = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }
}
