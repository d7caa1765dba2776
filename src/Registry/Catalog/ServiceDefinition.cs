using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Quintet.Registry.Checks;
using Quintet.Registry.Http;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Catalog;

/// <summary>A registration as it was sent: the instance and its checks, without node and indexes.</summary>
internal sealed record ServiceDefinition(ServiceRow Service, IReadOnlyList<CheckRow> Checks)
{
    private const int MetaPairsMax = 64; // these three are Consul's
    private const int MetaKeyMax = 128;
    private const int MetaValueMax = 512;

    /// <summary>Reads the body of <c>/v1/agent/service/register</c>.</summary>
    public static ServiceDefinition Parse(JsonFields fields, RegistryOptions options)
    {
        // Types first, as a decoder meets them, then the rules in Consul's order.
        string name = fields.Text("Name");
        ServiceRow service = Read(fields, fields.Text("ID") is { Length: > 0 } id ? id : name, name);
        JsonElement[] checks = CheckElements(fields);
        List<CheckRow> rows = [];
        if (name.Length > 0) rows = [.. checks.Select(check => CheckDefinition.Parse(check, options.Checks))];
        if (name.Length == 0) throw RefusalException.BadRequest("Missing service name");
        Check(service, options.Limits);
        return new ServiceDefinition(service, [.. rows.Select((row, i) => Named(row, service, rows.Count == 1 ? 0 : i + 1))]);
    }

    /// <summary>The members that agent and catalog registrations share.</summary>
    public static ServiceRow Read(JsonFields fields, string id, string name)
    {
        JsonFields weights = fields.Object("Weights");
        int port = fields.Number("Port");
        string address = fields.Text("Address");
        return new ServiceRow
        {
            Node = "",
            Id = id,
            Name = name,
            Tags = fields.List("Tags"),
            Address = address,
            Port = port,
            Meta = fields.Map("Meta") is { Count: > 0 } meta ? meta : null,
            TaggedAddresses = AddressesOf(fields, address, port),
            WeightPassing = weights.Number("Passing", 1),
            WeightWarning = weights.Number("Warning", 1),
            EnableTagOverride = fields.Flag("EnableTagOverride"),
            Kind = fields.Text("Kind"),
        };
    }

    /// <summary>Refuses what Consul refuses, and names longer than ours may be.</summary>
    public static void Check(ServiceRow service, RegistryLimitOptions limits)
    {
        if (service.Address is "0.0.0.0" or "::" or "[::]") throw RefusalException.BadRequest("Invalid service address");
        if (service.Meta is not null) CheckMeta(service.Meta, "Service");
        if (service.WeightPassing < 1) throw RefusalException.BadRequest("Invalid Weights: Passing must be greater than 0");
        if (service.WeightPassing > 65535 || service.WeightWarning is < 0 or > 65535)
            throw RefusalException.BadRequest("Invalid Weights: DNS Weight must be between 0 and 65535");
        if (service.Kind.Length > 0)
            throw RefusalException.BadRequest($"Kind '{service.Kind}' is not supported by this registry: it has no mesh");
        if (service.Name.Length > limits.NameLengthMax || service.Id.Length > limits.NameLengthMax)
            throw RefusalException.BadRequest($"Service name and ID may have {limits.NameLengthMax} characters");
    }

    public static void CheckMeta(ImmutableSortedDictionary<string, string> meta, string owner)
    {
        if (meta.Count > MetaPairsMax)
            throw RefusalException.BadRequest($"Invalid {owner} Meta: Node metadata cannot contain more than {MetaPairsMax} key/value pairs");
        foreach ((string key, string value) in meta)
        {
            string? fault = key.Length == 0 ? "Key cannot be blank"
                : !key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? "Key contains invalid characters"
                : key.Length > MetaKeyMax ? $"Key is too long (limit: {MetaKeyMax} characters)"
                : Encoding.UTF8.GetByteCount(value) > MetaValueMax ? $"Value is too long (limit: {MetaValueMax} characters)"
                : null;
            if (fault is not null)
                throw RefusalException.BadRequest($"Invalid {owner} Meta: Couldn't load metadata pair ('{key}', '{value}'): {fault}");
        }
    }

    private static JsonElement[] CheckElements(JsonFields fields)
    {
        JsonElement[] one = fields.Find("Check") is { } single && !CheckDefinition.IsEmpty(single) ? [single] : [];
        return [.. one, .. fields.Elements("Checks").Where(element => element.ValueKind != JsonValueKind.Null && !CheckDefinition.IsEmpty(element))];
    }

    private static CheckRow Named(CheckRow row, ServiceRow service, int number) => row with
    {
        Id = row.Id.Length > 0 ? row.Id : number == 0 ? $"service:{service.Id}" : $"service:{service.Id}:{number}",
        Name = row.Name.Length > 0 ? row.Name : $"Service '{service.Name}' check",
        ServiceId = service.Id,
    };

    /// <summary>An address that is an IP is also given under its own kind, unless the caller said otherwise.</summary>
    private static ImmutableSortedDictionary<string, ServiceAddress>? AddressesOf(JsonFields fields, string address, int port)
    {
        var addresses = ImmutableSortedDictionary.CreateBuilder<string, ServiceAddress>(StringComparer.Ordinal);
        if (fields.Find("TaggedAddresses") is { } given)
        {
            if (given.ValueKind != JsonValueKind.Object)
                throw RefusalException.BadRequest(
                    "Request decode failed: json: cannot unmarshal value into Go struct field .TaggedAddresses of type map[string]structs.ServiceAddress");
            foreach (JsonProperty network in given.EnumerateObject())
            {
                JsonFields members = new(network.Value);
                addresses[network.Name] = new ServiceAddress(members.Text("Address"), members.Number("Port"));
            }
        }

        if (IPAddress.TryParse(address, out IPAddress? ip))
        {
            string family = ip.AddressFamily == AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4";
            addresses.TryAdd($"lan_{family}", new ServiceAddress(address, port));
            addresses.TryAdd($"wan_{family}", new ServiceAddress(address, port));
        }

        return addresses.Count == 0 ? null : addresses.ToImmutable();
    }
}
