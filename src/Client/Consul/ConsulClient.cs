using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Quintet.Client.Consul;

/// <summary>
/// The part of Consul's HTTP API (v1) that registration, discovery and watches need; it speaks to Consul and to Quintet's registry alike.
/// Safe for use by many threads. Every method throws <see cref="ConsulException"/> when the registry refuses, does not answer in time or
/// cannot be reached, and <see cref="OperationCanceledException"/> only when the caller's own token was cancelled.
/// </summary>
public sealed class ConsulClient
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ServersDefaultWait = TimeSpan.FromMinutes(5);
    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    /// <summary>Uses <paramref name="http"/>, which its caller disposes.</summary>
    /// <param name="http">
    /// With the registry as base address and, where needed, the header <c>X-Consul-Token</c>. Its timeout should be infinite: calls have
    /// deadlines of their own (10 s, blocking queries their wait and 10 s more). <see cref="CreateHttp"/> makes such a client.
    /// </param>
    /// <param name="time">The clock of the deadlines; null is the system's.</param>
    public ConsulClient(HttpClient http, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(http.BaseAddress);
        _http = http;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>An <see cref="HttpClient"/> as this class wants it: no timeout of its own, no proxy, no redirects, answers of at most 64 MiB.</summary>
    /// <param name="address">As in <c>CONSUL_HTTP_ADDR</c>: <c>http://127.0.0.1:8500</c> or without the scheme <c>127.0.0.1:8500</c>.</param>
    /// <param name="token">As in <c>CONSUL_HTTP_TOKEN</c>; null or empty sends none.</param>
    /// <exception cref="FormatException">The address cannot be read.</exception>
    public static HttpClient CreateHttp(string address, string? token)
    {
        string url = address.Contains("://", StringComparison.Ordinal) ? address : $"http://{address}";
        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out Uri? parsed) || parsed.Scheme is not ("http" or "https"))
            throw new FormatException($"'{address}' is not the address of a registry; expected for example http://127.0.0.1:8500");

        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(3),
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
            // Long polls are many and not what a trace is about.
            ActivityHeadersPropagator = null,
        };
        HttpClient http = new(handler) { BaseAddress = parsed, Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = 64 << 20 };
        if (!string.IsNullOrEmpty(token)) http.DefaultRequestHeaders.Add("X-Consul-Token", token);
        return http;
    }

    /// <summary>Registers an instance or replaces the registration with the same id, checks included.</summary>
    public Task RegisterAsync(ServiceRegistration service, CancellationToken cancellation = default)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(RegistrationJson.From(service), ConsulJson.Default.RegistrationJson);
        return PutAsync("v1/agent/service/register?replace-existing-checks=true", body, cancellation);
    }

    /// <summary>Removes an instance. An unknown id is no error: the aim is reached.</summary>
    public async Task DeregisterAsync(string id, CancellationToken cancellation = default)
    {
        Answer answer = await SendAsync(new(HttpMethod.Put, $"v1/agent/service/deregister/{Segment(id)}"), null, cancellation);
        // 404 from Consul 1.11 on; before, 200 without access control and 500 with it.
        if (answer.Status is not HttpStatusCode.NotFound && !answer.Says("Unknown service")) answer.ThrowUnlessDone();
    }

    /// <summary>Whether the agent knows the instance.</summary>
    public async Task<bool> IsRegisteredAsync(string id, CancellationToken cancellation = default) =>
        await GetServiceAsync(id, cancellation) is not null;

    /// <summary>The instance as the agent knows it, or null.</summary>
    public async Task<ServiceInstance?> GetServiceAsync(string id, CancellationToken cancellation = default)
    {
        Answer answer = await SendAsync(new(HttpMethod.Get, $"v1/agent/service/{Segment(id)}"), null, cancellation);
        if (answer.Status is HttpStatusCode.NotFound) return null;
        return answer.Read(ConsulJson.Default.ServiceJson).ToInstance(nodeAddress: null, InstanceStatus.Passing);
    }

    /// <summary>Every instance that is registered at this agent, whatever its health.</summary>
    public async Task<IReadOnlyList<ServiceInstance>> AgentServicesAsync(CancellationToken cancellation = default)
    {
        Answer answer = await SendAsync(new(HttpMethod.Get, "v1/agent/services"), null, cancellation);
        return [.. answer.Read(ConsulJson.Default.DictionaryStringServiceJson).Values.Select(s => s.ToInstance(null, InstanceStatus.Passing))];
    }

    /// <summary>Takes an instance out of service, or puts it back.</summary>
    public Task SetMaintenanceAsync(string id, bool enable, string? reason = null, CancellationToken cancellation = default) =>
        PutAsync($"v1/agent/service/maintenance/{Segment(id)}?enable={(enable ? "true" : "false")}{Query("reason", reason)}", null, cancellation);

    /// <summary>A heartbeat: the TTL check passes.</summary>
    public Task PassAsync(string checkId, string? note = null, CancellationToken cancellation = default) =>
        PutAsync($"v1/agent/check/pass/{Segment(checkId)}{FirstQuery("note", note)}", null, cancellation);

    /// <summary>The TTL check fails at once.</summary>
    public Task FailAsync(string checkId, string? note = null, CancellationToken cancellation = default) =>
        PutAsync($"v1/agent/check/fail/{Segment(checkId)}{FirstQuery("note", note)}", null, cancellation);

    /// <summary>The instances of a service; an unknown service has none.</summary>
    public async Task<Indexed<IReadOnlyList<ServiceInstance>>> HealthServiceAsync(
        string name, bool passingOnly = false, Blocking blocking = default, CancellationToken cancellation = default)
    {
        string path = $"v1/health/service/{Segment(name)}?{(passingOnly ? "passing=true&" : "")}stale=";
        Answer answer = await SendAsync(new(HttpMethod.Get, path), blocking, cancellation);
        List<ServiceInstance> instances = [];
        foreach (HealthJson row in answer.Read(ConsulJson.Default.ListHealthJson))
            if (row.Service is not null) instances.Add(row.Service.ToInstance(row.Node?.Address, row.Worst()) with
            {
                CheckOutput = row.OutputOfWorst(), Checks = [.. (row.Checks ?? []).Select(check => check.ToState())],
            });
        return new(instances, answer.Index);
    }

    /// <summary>The names of all services with the tags of their instances. Its index moves with registrations, not with health.</summary>
    public async Task<Indexed<IReadOnlyDictionary<string, IReadOnlyList<string>>>> CatalogServicesAsync(
        Blocking blocking = default, CancellationToken cancellation = default)
    {
        Answer answer = await SendAsync(new(HttpMethod.Get, "v1/catalog/services?stale="), blocking, cancellation);
        Dictionary<string, string[]?> services = answer.Read(ConsulJson.Default.DictionaryStringStringArray);
        return new(services.ToDictionary(s => s.Key, s => (IReadOnlyList<string>)(s.Value ?? [])), answer.Index);
    }

    /// <summary>A key, or null when there is none; both can be waited on.</summary>
    public async Task<Indexed<KeyValueEntry?>> GetKeyAsync(string key, Blocking blocking = default, CancellationToken cancellation = default)
    {
        Answer answer = await SendAsync(new(HttpMethod.Get, $"v1/kv/{KeyPath(key)}"), blocking, cancellation);
        if (answer.Status is HttpStatusCode.NotFound) return new(null, answer.Index);
        return new(answer.Read(ConsulJson.Default.ListKeyValueJson).FirstOrDefault()?.ToEntry(), answer.Index);
    }

    /// <summary>All keys that begin with <paramref name="prefix"/>; none is an empty list, and can be waited on.</summary>
    public async Task<Indexed<IReadOnlyList<KeyValueEntry>>> GetKeysAsync(
        string prefix, Blocking blocking = default, CancellationToken cancellation = default)
    {
        Answer answer = await SendAsync(new(HttpMethod.Get, $"v1/kv/{KeyPath(prefix)}?recurse="), blocking, cancellation);
        if (answer.Status is HttpStatusCode.NotFound) return new([], answer.Index);
        return new([.. answer.Read(ConsulJson.Default.ListKeyValueJson).Select(row => row.ToEntry())], answer.Index);
    }

    /// <summary>The names of the keys that begin with <paramref name="prefix"/>, each up to the next <paramref name="separator"/>: folders once.</summary>
    public async Task<IReadOnlyList<string>> KeyNamesAsync(string prefix, string separator, CancellationToken cancellation = default)
    {
        string path = $"v1/kv/{KeyPath(prefix)}?keys={Query("separator", separator)}";
        Answer answer = await SendAsync(new(HttpMethod.Get, path), null, cancellation);
        return answer.Status is HttpStatusCode.NotFound ? [] : answer.Read(ConsulJson.Default.ListString);
    }

    /// <summary>Writes a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value, at most 512 KiB by Consul's default.</param>
    /// <param name="unchangedSince">
    /// Write only while the key's <see cref="KeyValueEntry.ModifyIndex"/> is this; 0 means only if it does not exist; null means always.
    /// </param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>False when somebody else changed the key meanwhile.</returns>
    public async Task<bool> PutKeyAsync(string key, ReadOnlyMemory<byte> value, ulong? unchangedSince = null, CancellationToken cancellation = default)
    {
        string path = $"v1/kv/{KeyPath(key)}{FirstQuery("cas", unchangedSince?.ToString(CultureInfo.InvariantCulture))}";
        Answer answer = await SendAsync(new(HttpMethod.Put, path, value), null, cancellation);
        return answer.IsTrue();
    }

    /// <summary>Removes a key, or with <paramref name="recurse"/> every key that begins with it.</summary>
    public async Task DeleteKeyAsync(string key, bool recurse = false, CancellationToken cancellation = default)
    {
        Answer answer = await SendAsync(new(HttpMethod.Delete, $"v1/kv/{KeyPath(key)}{(recurse ? "?recurse=" : "")}"), null, cancellation);
        answer.ThrowUnlessDone();
    }

    /// <summary>Removes a key only while its <see cref="KeyValueEntry.ModifyIndex"/> is this.</summary>
    /// <returns>False when somebody else changed the key meanwhile.</returns>
    public async Task<bool> DeleteKeyAsync(string key, ulong unchangedSince, CancellationToken cancellation = default)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"v1/kv/{KeyPath(key)}?cas={unchangedSince}");
        Answer answer = await SendAsync(new(HttpMethod.Delete, path), null, cancellation);
        return answer.IsTrue();
    }

    /// <summary>The address of the cluster's leader; empty while there is none. A cheap way to ask whether the registry works.</summary>
    public async Task<string> LeaderAsync(CancellationToken cancellation = default)
    {
        Answer answer = await SendAsync(new(HttpMethod.Get, "v1/status/leader"), null, cancellation);
        return answer.Read(ConsulJson.Default.String);
    }

    private async Task PutAsync(string path, byte[]? body, CancellationToken cancellation)
    {
        Answer answer = await SendAsync(new(HttpMethod.Put, path, body), null, cancellation);
        answer.ThrowUnlessDone();
    }

    private async Task<Answer> SendAsync(Call call, Blocking? blocking, CancellationToken cancellation)
    {
        string path = call.Path;
        TimeSpan deadline = CallTimeout;
        if (blocking is { Index: > 0 } query)
        {
            path += $"{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}index={query.Index}";
            if (query.Wait > TimeSpan.Zero) path += $"&wait={GoDuration.Format(query.Wait)}";
            TimeSpan wait = query.Wait > TimeSpan.Zero ? query.Wait : ServersDefaultWait;
            deadline += wait + wait / 16; // the server adds up to a sixteenth, so that watchers do not come back all at once
        }

        string what = $"{call.Method} /{path.Split('?')[0]}";
        using CancellationTokenSource late = new(deadline, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        using HttpRequestMessage request = new(call.Method, new Uri(path, UriKind.Relative));
        if (call.Body is { } bytes) request.Content = new ReadOnlyMemoryContent(bytes);
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            return await Answer.ReadAsync(what, response, either.Token);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw new ConsulException($"{what}: no answer from {_http.BaseAddress} within {deadline.TotalSeconds:0.#} s", null, fault);
        }
        catch (HttpRequestException fault)
        {
            throw new ConsulException($"{what}: {_http.BaseAddress} cannot be reached: {fault.Message}", null, fault);
        }
    }

    private static string FirstQuery(string name, string? value) => value is null ? "" : $"?{name}={Uri.EscapeDataString(value)}";

    private static string Query(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";

    private static string KeyPath(string key) => string.Join('/', key.TrimStart('/').Split('/').Select(part => part.Length == 0 ? "" : Segment(part)));

    // System.Uri and Consul both resolve dot segments, escaped or not: such a name would reach another resource.
    private static string Segment(string name) =>
        name is "" or "." or ".." ? throw new ArgumentException($"'{name}' cannot be a name in the registry", nameof(name)) : Uri.EscapeDataString(name);

    private sealed record Call(HttpMethod Method, string Path, ReadOnlyMemory<byte>? Body = null);

    /// <summary>An answer that has been read to its end.</summary>
    private sealed class Answer(string what, HttpStatusCode status, ulong index, byte[] body)
    {
        public HttpStatusCode Status => status;

        public ulong Index => index;

        public static async Task<Answer> ReadAsync(string what, HttpResponseMessage response, CancellationToken cancellation)
        {
            ulong index = 0;
            if (response.Headers.TryGetValues("X-Consul-Index", out IEnumerable<string>? values))
                _ = ulong.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out index);
            return new(what, response.StatusCode, index, await response.Content.ReadAsByteArrayAsync(cancellation));
        }

        public bool Says(string words) => System.Text.Encoding.UTF8.GetString(body).Contains(words, StringComparison.Ordinal);

        public void ThrowUnlessDone()
        {
            if ((int)status is >= 200 and < 300) return;
            string text = System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 300)));
            throw new ConsulException($"{what}: the registry answered {(int)status} {text}".TrimEnd(), status);
        }

        public T Read<T>(JsonTypeInfo<T> type)
        {
            ThrowUnlessDone();
            try
            {
                return JsonSerializer.Deserialize(body, type) ?? throw new ConsulException($"{what}: the registry answered null", status);
            }
            catch (JsonException fault)
            {
                throw new ConsulException($"{what}: the registry's answer cannot be read: {fault.Message}", status, fault);
            }
        }

        public bool IsTrue()
        {
            ThrowUnlessDone();
            return body.AsSpan().Trim(" \r\n"u8).SequenceEqual("true"u8);
        }
    }
}
