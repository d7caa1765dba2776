using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Quintet.Client.Telemetry;

/// <summary>
/// Asks a console what it has seen, through its API. Safe for use by many threads. Every method throws <see cref="ConsoleApiException"/> when
/// the console refuses or cannot be reached.
/// </summary>
public sealed class ConsoleApiClient : IDisposable
{
    // Twice what the console gives itself for a question.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http;

    /// <param name="console">Its address.</param>
    /// <param name="token">A token of its API.</param>
    public ConsoleApiClient(Uri console, string token)
    {
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = console,
            Timeout = Patience,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>The stories of a trace id, an event's id, an e-mail address or a subject; the newest first.</summary>
    public async Task<IReadOnlyList<StoryInfo>> StoriesAsync(string key, CancellationToken cancellation = default) =>
        await AskAsync($"stories?key={Uri.EscapeDataString(key)}", ConsoleJson.Default.ListStoryInfo, cancellation);

    /// <summary>Who is logged in; the newest first.</summary>
    public async Task<IReadOnlyList<SessionInfo>> SessionsAsync(CancellationToken cancellation = default) =>
        await AskAsync("sessions", ConsoleJson.Default.ListSessionInfo, cancellation);

    /// <summary>Ends a session.</summary>
    public Task EndSessionAsync(string id, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Delete, $"sessions/{Uri.EscapeDataString(id)}", cancellation);

    /// <summary>Who gives what to whom, as declared and as seen in the time before now: <c>15m</c>.</summary>
    public async Task<MapInfo> MapAsync(string last, CancellationToken cancellation = default) =>
        await AskAsync($"map?last={Uri.EscapeDataString(last)}", ConsoleFiguresJson.Default.MapInfo, cancellation);

    /// <summary>Requests of the gateway and of each service in the last minute, in steps of ten seconds.</summary>
    public async Task<IReadOnlyList<RequestsInfo>> RequestsAsync(CancellationToken cancellation = default) =>
        await AskAsync("requests?last=1m&step=10s", ConsoleFiguresJson.Default.ListRequestsInfo, cancellation);

    /// <summary>The traces that a question finds.</summary>
    public async Task<IReadOnlyList<TraceInfo>> TracesAsync(TraceQuestion question, CancellationToken cancellation = default) =>
        (await AskAsync($"traces?{question.ToQuery()}", TelemetryJson.Default.TracePageJson, cancellation)).Traces;

    /// <summary>One trace with its spans.</summary>
    public Task<TraceTreeInfo> TraceAsync(string traceId, CancellationToken cancellation = default) =>
        AskAsync($"traces/{Uri.EscapeDataString(traceId)}", TelemetryJson.Default.TraceTreeInfo, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<T> AskAsync<T>(string question, JsonTypeInfo<T> form, CancellationToken cancellation) =>
        JsonSerializer.Deserialize(await SendAsync(HttpMethod.Get, question, cancellation), form)!;

    private async Task<byte[]> SendAsync(HttpMethod method, string path, CancellationToken cancellation)
    {
        try
        {
            using HttpRequestMessage question = new(method, new Uri($"/api/v1/{path}", UriKind.Relative));
            using HttpResponseMessage response = await _http.SendAsync(question, cancellation);
            byte[] answer = await response.Content.ReadAsByteArrayAsync(cancellation);
            return response.IsSuccessStatusCode ? answer : throw new ConsoleApiException(WordsOf(answer, (int)response.StatusCode), response.StatusCode);
        }
        catch (HttpRequestException fault)
        {
            throw new ConsoleApiException($"the console at {_http.BaseAddress} cannot be reached: {fault.Message}", null, fault);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw new ConsoleApiException($"the console at {_http.BaseAddress} did not answer within {Patience.TotalSeconds:0} s", null, fault);
        }
    }

    private static string WordsOf(byte[] answer, int status)
    {
        try
        {
            if (JsonSerializer.Deserialize(answer, ConsoleJson.Default.ConsoleProblemJson) is { } problem && (problem.Detail ?? problem.Title) is { } words)
                return problem.Errors is { } errors ? $"{words}: {string.Join("; ", errors.Select(error => $"{error.Key} {error.Value[0]}"))}" : words;
        }
        catch (JsonException)
        {
            // Not the console's words; the status must do.
        }

        return $"the console answered {status}";
    }
}
