using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Quintet.Client.Broker;

/// <summary>
/// RabbitMQ's management API, of RabbitMQ or of our broker. Safe for use by many threads. Every method throws <see cref="BrokerApiException"/>
/// when the server refuses or cannot be reached.
/// </summary>
public sealed class ManagementClient : IDisposable
{
    private static readonly BrokerApiJson Json = BrokerApiJson.Default;
    private readonly HttpClient _http;

    /// <param name="url">The server with its credentials: <c>http://guest:guest@127.0.0.1:15672</c>; without them guest.</param>
    public ManagementClient(Uri url)
    {
        string credentials = url.UserInfo.Length == 0 ? "guest:guest" : Uri.UnescapeDataString(url.UserInfo);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = new Uri($"{url.GetLeftPart(UriPartial.Path).Replace($"{url.UserInfo}@", "", StringComparison.Ordinal).TrimEnd('/')}/api/"),
            Timeout = TimeSpan.FromSeconds(30),
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
    }

    /// <summary>What the broker is.</summary>
    public Task<OverviewInfo> OverviewAsync(CancellationToken cancellation = default) => GetAsync("overview", Json.OverviewInfo, cancellation);

    /// <summary>Which features the cluster has taken into use.</summary>
    public Task<List<FeatureFlagInfo>> FeatureFlagsAsync(CancellationToken cancellation = default) =>
        GetAsync("feature-flags", Json.ListFeatureFlagInfo, cancellation);

    /// <summary>The exchanges of a virtual host.</summary>
    public Task<List<ExchangeInfo>> ExchangesAsync(string vhost, CancellationToken cancellation = default) =>
        GetAsync($"exchanges/{Segment(vhost)}", Json.ListExchangeInfo, cancellation, $"virtual host '{vhost}'");

    /// <summary>Declares an exchange; one that is there with other properties is refused.</summary>
    public Task PutExchangeAsync(ExchangeInfo exchange, CancellationToken cancellation = default) => SendAsync(
        HttpMethod.Put,
        $"exchanges/{Segment(exchange.Vhost)}/{Segment(exchange.Name)}",
        JsonSerializer.SerializeToUtf8Bytes(new ExchangeJson(exchange.Type, exchange.Durable), Json.ExchangeJson),
        cancellation);

    /// <summary>The queues of a virtual host; null means all.</summary>
    public Task<List<QueueInfo>> QueuesAsync(string? vhost, CancellationToken cancellation = default) =>
        GetAsync(vhost is null ? "queues" : $"queues/{Segment(vhost)}", Json.ListQueueInfo, cancellation);

    /// <summary>One queue with its consumers.</summary>
    public Task<QueueInfo> QueueAsync(string vhost, string queue, CancellationToken cancellation = default) =>
        GetAsync($"queues/{Segment(vhost)}/{Segment(queue)}", Json.QueueInfo, cancellation, QueueOf(vhost, queue));

    /// <summary>The bindings of a virtual host; null means all.</summary>
    public Task<List<BindingInfo>> BindingsAsync(string? vhost, CancellationToken cancellation = default) =>
        GetAsync(vhost is null ? "bindings" : $"bindings/{Segment(vhost)}", Json.ListBindingInfo, cancellation);

    /// <summary>The first messages of a queue. They stay in it; the next consumer sees them as redelivered.</summary>
    public async Task<List<PeekedMessage>> PeekAsync(string vhost, string queue, int count, CancellationToken cancellation = default)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new PeekJson(count, "ack_requeue_true", "auto", null), Json.PeekJson);
        byte[] answer = await SendAsync(HttpMethod.Post, $"queues/{Segment(vhost)}/{Segment(queue)}/get", body, cancellation, QueueOf(vhost, queue));
        return Read(answer, Json.ListPeekedMessage);
    }

    /// <summary>Removes every ready message of a queue.</summary>
    public Task PurgeAsync(string vhost, string queue, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Delete, $"queues/{Segment(vhost)}/{Segment(queue)}/contents", null, cancellation, QueueOf(vhost, queue));

    /// <summary>The open connections.</summary>
    public Task<List<ConnectionInfo>> ConnectionsAsync(CancellationToken cancellation = default) =>
        GetAsync("connections", Json.ListConnectionInfo, cancellation);

    /// <summary>Closes a connection with 320.</summary>
    public Task CloseConnectionAsync(string name, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Delete, $"connections/{Segment(name)}", null, cancellation, $"connection '{name}'");

    /// <summary>The users.</summary>
    public Task<List<UserInfo>> UsersAsync(CancellationToken cancellation = default) => GetAsync("users", Json.ListUserInfo, cancellation);

    /// <summary>Adds a user or changes its password and tags.</summary>
    /// <param name="name">The user.</param>
    /// <param name="password">Its password.</param>
    /// <param name="tags">Separated by commas.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task PutUserAsync(string name, string password, string tags, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Put, $"users/{Segment(name)}", JsonSerializer.SerializeToUtf8Bytes(new UserJson(password, tags), Json.UserJson), cancellation);

    /// <summary>Removes a user.</summary>
    public Task DeleteUserAsync(string name, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Delete, $"users/{Segment(name)}", null, cancellation, $"user '{name}'");

    /// <summary>The permissions of all users.</summary>
    public Task<List<PermissionInfo>> PermissionsAsync(CancellationToken cancellation = default) =>
        GetAsync("permissions", Json.ListPermissionInfo, cancellation);

    /// <summary>Sets what a user may do in a virtual host.</summary>
    public Task PutPermissionAsync(PermissionInfo permission, CancellationToken cancellation = default) => SendAsync(
        HttpMethod.Put,
        $"permissions/{Segment(permission.Vhost)}/{Segment(permission.User)}",
        JsonSerializer.SerializeToUtf8Bytes(new PermissionJson(permission.Configure, permission.Write, permission.Read), Json.PermissionJson),
        cancellation);

    /// <summary>Takes a user's rights in a virtual host away, and with them the right to enter it.</summary>
    public Task DeletePermissionAsync(string vhost, string user, CancellationToken cancellation = default) =>
        SendAsync(
            HttpMethod.Delete, $"permissions/{Segment(vhost)}/{Segment(user)}", null, cancellation, $"permission of user '{user}' in virtual host '{vhost}'");

    /// <summary>The topic permissions of all users.</summary>
    public Task<List<TopicPermissionInfo>> TopicPermissionsAsync(CancellationToken cancellation = default) =>
        GetAsync("topic-permissions", Json.ListTopicPermissionInfo, cancellation);

    /// <summary>Sets which routing keys of one exchange a user may publish and bind.</summary>
    public Task PutTopicPermissionAsync(TopicPermissionInfo permission, CancellationToken cancellation = default) => SendAsync(
        HttpMethod.Put,
        $"topic-permissions/{Segment(permission.Vhost)}/{Segment(permission.User)}",
        JsonSerializer.SerializeToUtf8Bytes(new TopicPermissionJson(permission.Exchange, permission.Write, permission.Read), Json.TopicPermissionJson),
        cancellation);

    /// <summary>The virtual hosts.</summary>
    public Task<List<VhostInfo>> VhostsAsync(CancellationToken cancellation = default) => GetAsync("vhosts", Json.ListVhostInfo, cancellation);

    /// <summary>Adds a virtual host.</summary>
    public Task PutVhostAsync(string name, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Put, $"vhosts/{Segment(name)}", "{}"u8.ToArray(), cancellation);

    /// <summary>Removes a virtual host with everything in it.</summary>
    public Task DeleteVhostAsync(string name, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Delete, $"vhosts/{Segment(name)}", null, cancellation, $"virtual host '{name}'");

    /// <summary>The policies of a virtual host; null means all.</summary>
    public Task<List<PolicyInfo>> PoliciesAsync(string? vhost, CancellationToken cancellation = default) =>
        GetAsync(vhost is null ? "policies" : $"policies/{Segment(vhost)}", Json.ListPolicyInfo, cancellation);

    /// <summary>Sets a policy.</summary>
    public Task PutPolicyAsync(PolicyInfo policy, CancellationToken cancellation = default) => SendAsync(
        HttpMethod.Put,
        $"policies/{Segment(policy.Vhost)}/{Segment(policy.Name)}",
        JsonSerializer.SerializeToUtf8Bytes(new PolicyJson(policy.Pattern, policy.ApplyTo, policy.Definition, policy.Priority), Json.PolicyJson),
        cancellation);

    /// <summary>Removes a policy.</summary>
    public Task DeletePolicyAsync(string vhost, string name, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Delete, $"policies/{Segment(vhost)}/{Segment(name)}", null, cancellation, $"policy '{name}' in virtual host '{vhost}'");

    /// <summary>Everything that is declared, as RabbitMQ's JSON; passwords are hashed.</summary>
    public Task<byte[]> ExportAsync(CancellationToken cancellation = default) => SendAsync(HttpMethod.Get, "definitions", null, cancellation);

    /// <summary>Declares what an export holds; what is there already stays.</summary>
    public Task ImportAsync(byte[] definitions, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, "definitions", definitions, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string QueueOf(string vhost, string queue) => $"queue '{queue}' in virtual host '{vhost}'";

    // System.Uri resolves dot segments, escaped or not: such a name would reach another resource.
    private static string Segment(string name) =>
        name is "" or "." or ".." ? throw new ArgumentException($"'{name}' cannot be named in a path", nameof(name)) : Uri.EscapeDataString(name);

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation, string? what = null) =>
        Read(await SendAsync(HttpMethod.Get, path, null, cancellation, what), type);

    private T Read<T>(byte[] answer, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(answer, type) ?? throw new JsonException("it is null");
        }
        catch (JsonException fault)
        {
            throw new BrokerApiException($"the answer of {_http.BaseAddress} cannot be read: {fault.Message}", HttpStatusCode.OK, fault);
        }
    }

    // RabbitMQ says "Not Found" of all that is not there; the caller says what it looked for.
    private async Task<byte[]> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancellation, string? what = null)
    {
        using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative));
        if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancellation);
            byte[] answer = await response.Content.ReadAsByteArrayAsync(cancellation);
            if (response.IsSuccessStatusCode) return answer;
            if (response.StatusCode == HttpStatusCode.NotFound && what is not null)
                throw new BrokerApiException($"there is no {what}", response.StatusCode);
            throw new BrokerApiException($"{method} /api/{path}: {(int)response.StatusCode} {ReasonIn(answer)}".TrimEnd(), response.StatusCode);
        }
        catch (HttpRequestException fault)
        {
            throw new BrokerApiException($"the management API at {_http.BaseAddress} cannot be reached: {fault.Message}", null, fault);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw new BrokerApiException($"the management API at {_http.BaseAddress} did not answer within 30 s", null, fault);
        }
    }

    private static string ReasonIn(byte[] answer)
    {
        try
        {
            FaultJson? fault = JsonSerializer.Deserialize(answer, Json.FaultJson);
            return fault?.Reason.ValueKind == JsonValueKind.String ? fault.Reason.GetString()! : "";
        }
        catch (JsonException)
        {
            return ""; // not the API's words; the status must do
        }
    }
}
