using System.Text.Json.Serialization;

namespace Quintet.Client.Consul;

// Consul 1.8 refuses a registration with a member it does not know, so absent values are left out and nothing newer is sent.
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    PropertyNameCaseInsensitive = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RegistrationJson))]
[JsonSerializable(typeof(ServiceJson))]
[JsonSerializable(typeof(Dictionary<string, ServiceJson>))]
[JsonSerializable(typeof(List<HealthJson>))]
[JsonSerializable(typeof(Dictionary<string, string[]?>))]
[JsonSerializable(typeof(List<KeyValueJson>))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(List<string>))]
internal sealed partial class ConsulJson : JsonSerializerContext;

internal sealed class RegistrationJson
{
    [JsonPropertyName("ID")]
    public required string Id { get; set; }

    public required string Name { get; set; }

    public IReadOnlyList<string>? Tags { get; set; }

    public string? Address { get; set; }

    public int Port { get; set; }

    public IReadOnlyDictionary<string, string>? Meta { get; set; }

    public IReadOnlyList<CheckJson>? Checks { get; set; }

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
    public string? CheckId { get; set; }

    public string? Name { get; set; }

    public string? Notes { get; set; }

    public string? Status { get; set; }

    [JsonPropertyName("HTTP")]
    public string? Http { get; set; }

    [JsonPropertyName("TCP")]
    public string? Tcp { get; set; }

    [JsonPropertyName("TTL")]
    public string? Ttl { get; set; }

    public string? Interval { get; set; }

    public string? Timeout { get; set; }

    public string? DeregisterCriticalServiceAfter { get; set; }

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
    public string Id { get; set; } = "";

    public string Service { get; set; } = "";

    public string? Address { get; set; }

    public int Port { get; set; }

    public List<string>? Tags { get; set; }

    public Dictionary<string, string>? Meta { get; set; }

    public ServiceInstance ToInstance(string? nodeAddress, InstanceStatus status) =>
        new(Id, Service, string.IsNullOrEmpty(Address) ? nodeAddress ?? "" : Address, Port)
        {
            Tags = Tags?.OfType<string>().ToList() ?? [],
            Meta = Meta?.Where(pair => pair.Value is not null).ToDictionary() ?? [],
            Status = status,
        };
}

internal sealed class HealthJson
{
    public NodeJson? Node { get; set; }

    public ServiceJson? Service { get; set; }

    public List<CheckStateJson>? Checks { get; set; }

    /// <summary>Among equals that of the instance's own check, which says more than that of its node.</summary>
    public string OutputOfWorst() =>
        Checks?.OrderByDescending(check => check.ToStatus()).ThenByDescending(check => check.ServiceId?.Length > 0).FirstOrDefault()?.Output ?? "";

    public InstanceStatus Worst() => Checks is null || Checks.Count == 0 ? InstanceStatus.Passing : Checks.Max(check => check.ToStatus());
}

internal sealed class NodeJson
{
    public string? Address { get; set; }
}

internal sealed class CheckStateJson
{
    [JsonPropertyName("CheckID")]
    public string? CheckId { get; set; }

    public string? Name { get; set; }

    public string? Status { get; set; }

    public string? Output { get; set; }

    [JsonPropertyName("ServiceID")]
    public string? ServiceId { get; set; }

    public CheckState ToState() => new(CheckId ?? "", Name ?? "", ToStatus(), Output ?? "");

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
    public string Key { get; set; } = "";

    public byte[]? Value { get; set; }

    public ulong Flags { get; set; }

    public ulong ModifyIndex { get; set; }

    public KeyValueEntry ToEntry() => new(Key, Value ?? [], ModifyIndex) { Flags = Flags };
}
