using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Quintet.TestKit.Systems;

namespace Quintet.EndToEnd.Operating;

/// <summary>The broker as its operator sees it, through the management API of RabbitMQ.</summary>
internal sealed class ManagementView : IDisposable
{
    private readonly HttpClient _http;

    public ManagementView(QuintetSystem system)
    {
        string user = Uri.UnescapeDataString(new Uri(system.Variables["AMQP_URL"]).UserInfo);
        _http = new HttpClient(new SocketsHttpHandler())
        {
            BaseAddress = new Uri(system.Variables["RABBITMQ_MANAGEMENT_URL"]),
            Timeout = TimeSpan.FromSeconds(10),
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
    }

    public async Task<IReadOnlyList<(string Name, long Messages)>> QueuesAsync(CancellationToken cancellation) =>
        [.. (await ListAsync("/api/queues", cancellation)).Select(queue => ((string)queue!["name"]!, (long?)queue["messages"] ?? 0))];

    /// <summary>Looks at the first messages and puts them back.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> PeekAsync(string queue, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await _http.PostAsJsonAsync(
            new Uri($"/api/queues/%2F/{Uri.EscapeDataString(queue)}/get", UriKind.Relative),
            new { count = 10, ackmode = "ack_requeue_true", encoding = "auto" },
            cancellation);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonArray>(cancellation))!.Count;
    }

    public async Task CutConnectionsAsync(CancellationToken cancellation)
    {
        foreach (JsonNode? connection in await ListAsync("/api/connections", cancellation))
        {
            string name = Uri.EscapeDataString((string)connection!["name"]!);
            using HttpResponseMessage answer = await _http.DeleteAsync(new Uri($"/api/connections/{name}", UriKind.Relative), cancellation);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonArray> ListAsync(string path, CancellationToken cancellation) =>
        (await _http.GetFromJsonAsync<JsonArray>(new Uri(path, UriKind.Relative), cancellation))!;
}
