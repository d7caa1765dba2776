using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Quintet.Client.Supervisor;

/// <summary>
/// Drives a system that <c>quintet up</c> started, through its control API. Safe for use by many threads. Every method throws
/// <see cref="SupervisorException"/> when the supervisor refuses or cannot be reached.
/// </summary>
public sealed class SupervisorClient : IDisposable
{
    private static readonly TimeSpan QueryTimeout = TimeSpan.FromSeconds(10);

    // A deploy builds, waits for readiness and drains; the supervisor has deadlines for each and answers in the end.
    private static readonly TimeSpan ChangeTimeout = TimeSpan.FromMinutes(30);

    private readonly HttpClient _http;

    /// <param name="control">The address of the control API, from <c>run.json</c>.</param>
    /// <param name="token">Its token, from <c>secrets.json</c>.</param>
    public SupervisorClient(Uri control, string token)
    {
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = control,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>How the system is.</summary>
    public Task<SystemStatus> StatusAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, "v1/status", null, SupervisorJson.Default.SystemStatus, QueryTimeout, cancellation);

    /// <summary>The operator's endpoints and credentials by the names of their environment variables.</summary>
    public async Task<IReadOnlyDictionary<string, string>> EnvironmentAsync(CancellationToken cancellation = default) =>
        await SendAsync(HttpMethod.Get, "v1/environment", null, SupervisorJson.Default.DictionaryStringString, QueryTimeout, cancellation);

    /// <summary>Runs so many instances of a service, and returns when they are ready and the others are gone.</summary>
    public Task<SystemChange> ScaleAsync(string service, int replicas, CancellationToken cancellation = default) =>
        ChangeAsync("v1/scale", JsonSerializer.SerializeToUtf8Bytes(new ScaleJson(service, replicas), SupervisorJson.Default.ScaleJson), cancellation);

    /// <summary>Brings a service to what its sources and the manifest say now: builds it and replaces its instances one generation by the
    /// next, or starts one that is new in the manifest; rolled back when the new instances do not become ready.</summary>
    public Task<SystemChange> DeployAsync(string service, CancellationToken cancellation = default) => PartAsync("v1/deploy", service, cancellation);

    /// <summary>Replaces the instances of a service by new ones of the same build, or restarts a box or one instance in its place.</summary>
    public Task<SystemChange> RestartAsync(string part, CancellationToken cancellation = default) => PartAsync("v1/restart", part, cancellation);

    /// <summary>Asks the system to stop; it does so after the answer.</summary>
    public Task<SystemChange> StopAsync(CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, "v1/stop", null, SupervisorJson.Default.SystemChange, QueryTimeout, cancellation);

    /// <summary>The last lines of a part's or an instance's log as they were written; null means all parts.</summary>
    public async Task<string> LogsAsync(string? part, int lines, CancellationToken cancellation = default)
    {
        string query = part is null ? "" : $"&part={Uri.EscapeDataString(part)}";
        using HttpResponseMessage response = await ExchangeAsync(new(HttpMethod.Get, $"v1/logs?lines={lines}{query}"), QueryTimeout, cancellation);
        return await response.Content.ReadAsStringAsync(cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private Task<SystemChange> PartAsync(string path, string part, CancellationToken cancellation) =>
        ChangeAsync(path, JsonSerializer.SerializeToUtf8Bytes(new PartJson(part), SupervisorJson.Default.PartJson), cancellation);

    private Task<SystemChange> ChangeAsync(string path, byte[] body, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, path, body, SupervisorJson.Default.SystemChange, ChangeTimeout, cancellation);

    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, TimeSpan timeout, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(method, path);
        if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using HttpResponseMessage response = await ExchangeAsync(request, timeout, cancellation);
        byte[] answer = await response.Content.ReadAsByteArrayAsync(cancellation);
        return JsonSerializer.Deserialize(answer, type) ?? throw new SupervisorException("the supervisor answered null", response.StatusCode, []);
    }

    private async Task<HttpResponseMessage> ExchangeAsync(HttpRequestMessage request, TimeSpan timeout, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        try
        {
            HttpResponseMessage response = await _http.SendAsync(request, limit.Token);
            if (response.IsSuccessStatusCode) return response;
            using (response) throw await FaultOfAsync(response, limit.Token);
        }
        catch (HttpRequestException fault)
        {
            throw new SupervisorException($"the supervisor at {_http.BaseAddress} cannot be reached: {fault.Message}", null, [], fault);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw new SupervisorException($"the supervisor at {_http.BaseAddress} did not answer within {timeout.TotalSeconds:0} s", null, [], fault);
        }
    }

    private static async Task<SupervisorException> FaultOfAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        string text = await response.Content.ReadAsStringAsync(cancellation);
        ProblemJson? problem = null;
        try
        {
            problem = JsonSerializer.Deserialize(text, SupervisorJson.Default.ProblemJson);
        }
        catch (JsonException)
        {
            // Not the supervisor's words; the status must do.
        }

        string message = problem?.Detail ?? problem?.Title ?? $"the supervisor answered {(int)response.StatusCode}";
        return new SupervisorException(message, response.StatusCode, problem?.Log ?? []);
    }
}
