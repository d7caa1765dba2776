using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Quintet.Client.Consul;

/// <summary>
/// Consul's access control (1.4 and later): policies, and tokens that have them. Every method throws <see cref="ConsulException"/> when Consul
/// refuses or cannot be reached.
/// </summary>
/// <param name="http">As for <see cref="ConsulClient"/>, with a token that may do what is asked for.</param>
public sealed class ConsulAcl(HttpClient http)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The version of the agent; null when it does not say, as one that is no Consul may not.</summary>
    public async Task<string?> VersionAsync(CancellationToken cancellation = default)
    {
        AgentSelfJson self = await SendAsync(HttpMethod.Get, "v1/agent/self", null, ConsulAclJson.Default.AgentSelfJson, cancellation);
        return self.Config?.Version;
    }

    /// <summary>Whether there is access control at all: without it, or by a registry that has none, every request of this kind is refused.</summary>
    public async Task<bool> IsEnabledAsync(CancellationToken cancellation = default)
    {
        try
        {
            _ = await PoliciesAsync(cancellation);
            return true;
        }
        catch (ConsulException fault) when (fault.Status is HttpStatusCode.NotFound or HttpStatusCode.Unauthorized)
        {
            return false;
        }
    }

    /// <summary>The policies, without their rules.</summary>
    public async Task<IReadOnlyList<AclPolicy>> PoliciesAsync(CancellationToken cancellation = default) =>
        await SendAsync(HttpMethod.Get, "v1/acl/policies", null, ConsulAclJson.Default.ListAclPolicy, cancellation);

    /// <summary>One policy with its rules.</summary>
    public Task<AclPolicy> PolicyAsync(string id, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, $"v1/acl/policy/{Uri.EscapeDataString(id)}", null, ConsulAclJson.Default.AclPolicy, cancellation);

    /// <summary>Adds a policy, or with an id changes it.</summary>
    public Task<AclPolicy> PutPolicyAsync(AclPolicy policy, CancellationToken cancellation = default) => SendAsync(
        HttpMethod.Put, policy.Id is null ? "v1/acl/policy" : $"v1/acl/policy/{Uri.EscapeDataString(policy.Id)}",
        JsonContent.Create(policy, ConsulAclJson.Default.AclPolicy), ConsulAclJson.Default.AclPolicy, cancellation);

    /// <summary>The token that a secret belongs to, or null when Consul does not know it.</summary>
    public async Task<AclToken?> TokenOfAsync(string secret, CancellationToken cancellation = default)
    {
        try
        {
            return await SendAsync(HttpMethod.Get, "v1/acl/token/self", null, ConsulAclJson.Default.AclToken, cancellation, secret);
        }
        catch (ConsulException fault) when (fault.Status is HttpStatusCode.Forbidden)
        {
            return null; // Consul says "ACL not found"
        }
    }

    /// <summary>Adds a token with the secret it has, or with an accessor changes that one.</summary>
    public Task<AclToken> PutTokenAsync(AclToken token, CancellationToken cancellation = default) => SendAsync(
        HttpMethod.Put, token.AccessorId is null ? "v1/acl/token" : $"v1/acl/token/{Uri.EscapeDataString(token.AccessorId)}",
        JsonContent.Create(token, ConsulAclJson.Default.AclToken), ConsulAclJson.Default.AclToken, cancellation);

    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T> type, CancellationToken cancellation, string? token = null)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(CallTimeout);
        using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative)) { Content = body };
        if (token is not null) request.Headers.Add("X-Consul-Token", token);
        string what = $"{method} /{path}";
        try
        {
            using HttpResponseMessage answer = await http.SendAsync(request, limit.Token);
            if (answer.IsSuccessStatusCode)
                return await answer.Content.ReadFromJsonAsync(type, limit.Token)
                    ?? throw new ConsulException($"{what}: the answer is empty", answer.StatusCode);
            string text = await answer.Content.ReadAsStringAsync(limit.Token);
            throw new ConsulException($"{what}: {(int)answer.StatusCode} {text[..Math.Min(text.Length, 300)]}", answer.StatusCode);
        }
        catch (JsonException fault)
        {
            throw new ConsulException($"{what}: the answer cannot be read: {fault.Message}", HttpStatusCode.OK, fault);
        }
        catch (HttpRequestException fault)
        {
            throw new ConsulException($"{what}: {http.BaseAddress} cannot be reached: {fault.Message}", null, fault);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw new ConsulException($"{what}: no answer from {http.BaseAddress} within {CallTimeout.TotalSeconds:0} s", null, fault);
        }
    }
}

/// <summary>A policy: rules under a name.</summary>
public sealed record AclPolicy([property: JsonPropertyName("ID")] string? Id, string Name)
{
    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>In Consul's rule language; null in a list.</summary>
    public string? Rules { get; init; }
}

/// <summary>A token.</summary>
/// <param name="AccessorId">Its public name; null for one that does not exist yet.</param>
/// <param name="SecretId">What its user presents.</param>
public sealed record AclToken([property: JsonPropertyName("AccessorID")] string? AccessorId, [property: JsonPropertyName("SecretID")] string SecretId)
{
    /// <summary>Whose it is.</summary>
    public string? Description { get; init; }

    /// <summary>The policies it has.</summary>
    public IReadOnlyList<AclPolicyLink>? Policies { get; init; }
}

/// <summary>A policy that a token has.</summary>
public sealed record AclPolicyLink(string Name);

internal sealed record AgentSelfJson(AgentConfigJson? Config);

internal sealed record AgentConfigJson(string? Version);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(AgentSelfJson))]
[JsonSerializable(typeof(List<AclPolicy>))]
[JsonSerializable(typeof(AclPolicy))]
[JsonSerializable(typeof(AclToken))]
internal sealed partial class ConsulAclJson : JsonSerializerContext;
