using System.Text.Json.Serialization;

namespace Quintet.Client.Consul;

// Consul 1.8 refuses a registration with a member it does not know, so absent values are left out and nothing newer is sent.
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(RegistrationJson))]
[JsonSerializable(typeof(ServiceJson))]
[JsonSerializable(typeof(Dictionary<string, ServiceJson>))]
[JsonSerializable(typeof(List<HealthJson>))]
[JsonSerializable(typeof(Dictionary<string, string[]?>))]
[JsonSerializable(typeof(List<KeyValueJson>))]
[JsonSerializable(typeof(string))]
internal sealed partial class ConsulJson : JsonSerializerContext;

internal sealed class RegistrationJson
{
    [JsonPropertyName("ID")]
    public required string Id { get; init; }

    public required string Name { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    public string? Address { get; init; }

    public int Port { get; init; }

    public IReadOnlyDictionary<string, string>? Meta { get; init; }

    public IReadOnlyList<CheckJson>? Checks { get; init; }

    public static RegistrationJson From(ServiceRegistration service) => new()
    {
        Id = service.Id,
        Name = service.Name,
        Address = service.Address,
        Port = service.Port,
        Tags = service.Tags.Count == 0 ? null : service.Tags,
        Meta = service.Meta.Count == 0 ? null : service.Meta,
        Checks = service.Checks.Count == 0 ? null : [.. service.Checks.Select(CheckJson.From)],
    };
}

internal sealed class CheckJson
{
    [JsonPropertyName("CheckID")]
    public string? CheckId { get; init; }

    public string? Name { get; init; }

    public string? Notes { get; init; }

    public string? Status { get; init; }

    [JsonPropertyName("HTTP")]
    public string? Http { get; init; }

    [JsonPropertyName("TCP")]
    public string? Tcp { get; init; }

    [JsonPropertyName("TTL")]
    public string? Ttl { get; init; }

    public string? Interval { get; init; }

    public string? Timeout { get; init; }

    public string? DeregisterCriticalServiceAfter { get; init; }

    public static CheckJson From(ServiceCheck check) => new()
    {
        CheckId = check.CheckId,
        Name = check.Name,
        Notes = check.Notes,
        Status = check.Status switch
        {
            null => null,
            InstanceStatus.Passing => "passing",
            InstanceStatus.Warning => "warning",
            _ => "critical",
        },
        Http = check.Http?.AbsoluteUri,
        Tcp = check.Tcp,
        Ttl = GoDuration.Format(check.Ttl),
        Interval = GoDuration.Format(check.Interval),
        Timeout = GoDuration.Format(check.Timeout),
        DeregisterCriticalServiceAfter = GoDuration.Format(check.DeregisterCriticalServiceAfter),
    };
}

internal sealed class ServiceJson
{
    [JsonPropertyName("ID")]
    public string Id { get; init; } = "";

    public string Service { get; init; } = "";

    public string? Address { get; init; }

    public int Port { get; init; }

    public List<string>? Tags { get; init; }

    public Dictionary<string, string>? Meta { get; init; }

    public ServiceInstance ToInstance(string? nodeAddress, InstanceStatus status) =>
        new(Id, Service, string.IsNullOrEmpty(Address) ? nodeAddress ?? "" : Address, Port)
        {
            Tags = Tags ?? [],
            Meta = Meta ?? [],
            Status = status,
        };
}

internal sealed class HealthJson
{
    public NodeJson? Node { get; init; }

    public ServiceJson? Service { get; init; }

    public List<CheckStateJson>? Checks { get; init; }

    public InstanceStatus Worst() => Checks is null || Checks.Count == 0 ? InstanceStatus.Passing : Checks.Max(check => check.ToStatus());
}

internal sealed class NodeJson
{
    public string? Address { get; init; }
}

internal sealed class CheckStateJson
{
    [JsonPropertyName("CheckID")]
    public string? CheckId { get; init; }

    public string? Status { get; init; }

    // Maintenance is a critical check with a reserved id; a status this client does not know counts as critical.
    public InstanceStatus ToStatus() => Status switch
    {
        "passing" => InstanceStatus.Passing,
        "warning" => InstanceStatus.Warning,
        _ when CheckId is "_node_maintenance" => InstanceStatus.Maintenance,
        _ when CheckId?.StartsWith("_service_maintenance:", StringComparison.Ordinal) is true => InstanceStatus.Maintenance,
        _ => InstanceStatus.Critical,
    };
}

internal sealed class KeyValueJson
{
    public string Key { get; init; } = "";

    public byte[]? Value { get; init; }

    public ulong Flags { get; init; }

    public ulong ModifyIndex { get; init; }

    public KeyValueEntry ToEntry() => new(Key, Value ?? [], ModifyIndex) { Flags = Flags };
}
