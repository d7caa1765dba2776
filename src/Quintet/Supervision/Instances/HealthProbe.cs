using System.Net.Sockets;

namespace Quintet.Supervision.Instances;

/// <summary>Asks a process whether it is ready: HTTP on a path, or whether it accepts a TCP connection.</summary>
internal sealed class HealthProbe(HttpClient http, int port, string? path)
{
    private readonly Uri _url = new($"http://127.0.0.1:{port}{path}");

    /// <summary>False when it refuses, answers with another status than 2xx, or not within the client's timeout.</summary>
    public async Task<bool> IsReadyAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        try
        {
            return path is null ? await AcceptsAsync(limit.Token) : await AnswersAsync(limit.Token);
        }
        catch (Exception fault) when (fault is HttpRequestException or SocketException or OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            return false;
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, _url);
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        return response.IsSuccessStatusCode;
    }

    private async Task<bool> AcceptsAsync(CancellationToken cancellation)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", port, cancellation);
        return true;
    }
}
