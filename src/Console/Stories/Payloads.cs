using System.Net;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Quintet.Client.Consul;
using Quintet.Console.Parts;
using Quintet.Hosting.Supervised;

namespace Quintet.Console.Stories;

/// <summary>What events said. It is nowhere but in the outbox of the service that added them, which is asked when somebody looks.</summary>
internal sealed class Payloads(SystemFeed feed, IOptions<ConsoleOptions> options) : IDisposable
{
    private static readonly JsonSerializerOptions Legible = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false })
    {
        Timeout = options.Value.Parts.Timeout,
    };

    /// <summary>The event as JSON; masked, what is in its data shows no more than its shape (<see cref="PayloadMask"/>).</summary>
    /// <exception cref="PayloadException">It cannot be read; the message says why and what can be done.</exception>
    public async Task<string> ReadAsync(string service, string eventId, bool isMasked, CancellationToken cancellationToken)
    {
        if (options.Value.Parts.OperationsKey is not { } key)
            throw new PayloadException("Console:Parts:OperationsKey is not set, so that services cannot be asked.");
        ServiceInstance[] instances = [.. (feed.Current.Registry.Value ?? []).Where(i => i.Name == service && i.Port > 0).OrderBy(i => i.Status)];
        PayloadException fault = new($"No instance of {service} is registered; its outbox is read through one.");
        foreach (ServiceInstance instance in instances)
        {
            try
            {
                JsonNode? read = await AskAsync(instance, OperationsToken.Of(key.Reveal(), service), eventId, cancellationToken);
                return (isMasked ? PayloadMask.Of(read) : read)?.ToJsonString(Legible) ?? "null";
            }
            catch (HttpRequestException away)
            {
                fault = new PayloadException($"{instance.Id} does not answer: {away.Message}", away);
            }
            catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
            {
                fault = new PayloadException($"{instance.Id} took longer than {_http.Timeout.TotalSeconds:0.#} s (Console:Parts:Timeout).", late);
            }
        }

        throw fault;
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonNode?> AskAsync(ServiceInstance instance, string token, string eventId, CancellationToken cancellationToken)
    {
        Uri url = new UriBuilder("http", instance.Address, instance.Port, $"/quintet/outbox/{Uri.EscapeDataString(eventId)}").Uri;
        using HttpRequestMessage request = new(HttpMethod.Get, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage answer = await _http.SendAsync(request, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            throw new PayloadException($"{instance.Id} does not have it any more (Messaging:KeepSent), or is not on the chassis.");
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
            throw new PayloadException($"{instance.Id} has another {OperationsToken.Variable} than that of the console's key.");
        if ((int)answer.StatusCode >= 500) throw new HttpRequestException($"it answered {(int)answer.StatusCode}"); // another instance may do better
        if (!answer.IsSuccessStatusCode) throw new PayloadException($"{instance.Id} answered {(int)answer.StatusCode}.");
        try
        {
            return JsonNode.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
        }
        catch (JsonException fault)
        {
            throw new PayloadException($"{instance.Id} answered what is no JSON: {fault.Message}", fault);
        }
    }
}

/// <summary>What an event said cannot be read.</summary>
internal sealed class PayloadException(string message, Exception? inner = null) : Exception(message, inner);
