using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Quintet.Hosting.Settings;
using Quintet.TestKit.Processes;

namespace Quintet.Gateway.Tests.Doubles;

/// <summary>A gateway on a free port and a client that speaks to it.</summary>
public sealed class RunningGateway : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningGateway(WebApplication app)
    {
        _app = app;
        Url = new Uri(app.Urls.First());
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = Url };
    }

    public Uri Url { get; }

    public HttpClient Http { get; }

    public WebApplication App => _app;

    /// <summary>Starts it with the registry at <paramref name="registry"/> and waits until it is ready.</summary>
    public static async Task<RunningGateway> StartAsync(string registry, params (string Key, string? Value)[] settings)
    {
        RunningGateway gateway = await StartUnreadyAsync(registry, settings);
        await Eventually.TrueAsync("gateway ready", gateway.IsReadyAsync, TestContext.Current.CancellationToken);
        return gateway;
    }

    public static async Task<RunningGateway> StartUnreadyAsync(string registry, params (string Key, string? Value)[] settings)
    {
        (string, string?)[] defaults =
        [
            ("Gateway:Port", "0"), ("Gateway:Registry:Url", registry), ("Gateway:Drain:Delay", "00:00:00"), ("Gateway:Discovery:Debounce", "00:00:00.010"),
            ("Logging:Console:LogLevel:Default", Environment.GetEnvironmentVariable("QUINTET_TEST_LOG") ?? "None"),
        ];
        Dictionary<string, string?> values = [];
        foreach ((string key, string? value) in defaults.Concat(settings)) values[key] = value;
        WebApplication app = GatewayBox.Build(new BoxSettings(null, values));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunningGateway(app);
    }

    public async Task<bool> IsReadyAsync()
    {
        using HttpResponseMessage answer = await Http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Waits until a GET of the path is answered with the status.</summary>
    public Task StatusAsync(string path, int status) => Eventually.TrueAsync(
        $"GET {path} answers {status}",
        async () =>
        {
            using HttpResponseMessage answer = await Http.GetAsync(path, TestContext.Current.CancellationToken);
            return (int)answer.StatusCode == status ? true : throw new InvalidOperationException($"answered {(int)answer.StatusCode}");
        },
        TestContext.Current.CancellationToken);

    public Task<string> GetAsync(string path) => Http.GetStringAsync(path, TestContext.Current.CancellationToken);

    /// <summary>The end of the problem's type, after checking that it is one.</summary>
    public static async Task<string> ProblemOf(HttpResponseMessage answer)
    {
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("quintet-gateway;", answer.Headers.GetValues("Proxy-Status").Single(), StringComparison.Ordinal);
        JsonElement problem = await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal((int)answer.StatusCode, problem.GetProperty("status").GetInt32());
        Assert.Equal(32, problem.GetProperty("traceId").GetString()!.Length);
        return problem.GetProperty("type").GetString()!.Replace("urn:quintet:error:", "");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }
}
