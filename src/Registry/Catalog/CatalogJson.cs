using System.Collections.Immutable;
using System.Text.Json;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Catalog;

/// <summary>The shapes in which nodes, services and checks are written; member by member as Consul writes them.</summary>
internal static class CatalogJson
{
    public static void WriteNode(Utf8JsonWriter json, NodeRow node, string datacenter)
    {
        json.WriteStartObject();
        WriteNodeMembers(json, node, datacenter, "Meta");
        json.WriteNumber("CreateIndex", node.CreateIndex);
        json.WriteNumber("ModifyIndex", node.ModifyIndex);
        json.WriteEndObject();
    }

    /// <summary>A service as the agent shows it: no indexes, and an object where there is no metadata.</summary>
    public static void WriteAgentService(Utf8JsonWriter json, ServiceRow service, string? contentHash = null)
    {
        json.WriteStartObject();
        json.WriteString("ID", service.Id);
        json.WriteString("Service", service.Name);
        WriteList(json, "Tags", service.Tags);
        WriteMap(json, "Meta", service.Meta ?? ImmutableSortedDictionary<string, string>.Empty);
        json.WriteNumber("Port", service.Port);
        json.WriteString("Address", service.Address);
        WriteAddresses(json, "TaggedAddresses", service.TaggedAddresses);
        WriteWeights(json, "Weights", service);
        json.WriteBoolean("EnableTagOverride", service.EnableTagOverride);
        if (service.Kind.Length > 0) json.WriteString("Kind", service.Kind);
        if (contentHash is not null) json.WriteString("ContentHash", contentHash);
        json.WriteEndObject();
    }

    /// <summary>A service as catalog and health show it.</summary>
    public static void WriteService(Utf8JsonWriter json, ServiceRow service)
    {
        json.WriteStartObject();
        if (service.Kind.Length > 0) json.WriteString("Kind", service.Kind);
        json.WriteString("ID", service.Id);
        json.WriteString("Service", service.Name);
        WriteList(json, "Tags", service.Tags);
        json.WriteString("Address", service.Address);
        WriteAddresses(json, "TaggedAddresses", service.TaggedAddresses);
        WriteMap(json, "Meta", service.Meta);
        json.WriteNumber("Port", service.Port);
        WriteWeights(json, "Weights", service);
        json.WriteBoolean("EnableTagOverride", service.EnableTagOverride);
        WriteProxy(json, "Proxy", "Connect");
        json.WriteNumber("CreateIndex", service.CreateIndex);
        json.WriteNumber("ModifyIndex", service.ModifyIndex);
        json.WriteEndObject();
    }

    /// <summary>A node and one service on it in one flat object, as <c>/v1/catalog/service</c> lists them.</summary>
    public static void WriteCatalogRow(Utf8JsonWriter json, NodeRow node, ServiceRow service, string datacenter)
    {
        json.WriteStartObject();
        WriteNodeMembers(json, node, datacenter, "NodeMeta");
        json.WriteString("ServiceKind", service.Kind);
        json.WriteString("ServiceID", service.Id);
        json.WriteString("ServiceName", service.Name);
        WriteList(json, "ServiceTags", service.Tags);
        json.WriteString("ServiceAddress", service.Address);
        WriteAddresses(json, "ServiceTaggedAddresses", service.TaggedAddresses);
        WriteWeights(json, "ServiceWeights", service);
        WriteMap(json, "ServiceMeta", service.Meta ?? ImmutableSortedDictionary<string, string>.Empty);
        json.WriteNumber("ServicePort", service.Port);
        json.WriteBoolean("ServiceEnableTagOverride", service.EnableTagOverride);
        WriteProxy(json, "ServiceProxy", "ServiceConnect");
        json.WriteNumber("CreateIndex", service.CreateIndex);
        json.WriteNumber("ModifyIndex", service.ModifyIndex);
        json.WriteEndObject();
    }

    /// <summary>A check with the name and tags of its service.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="check">The check.</param>
    /// <param name="service">Its service; null for a check of the node.</param>
    /// <param name="isAgents">The agent knows no indexes.</param>
    public static void WriteCheck(Utf8JsonWriter json, CheckRow check, ServiceRow? service, bool isAgents = false)
    {
        json.WriteStartObject();
        WriteCheckMembers(json, check, service, check.Type);
        json.WriteStartObject("Definition");
        json.WriteEndObject();
        json.WriteNumber("CreateIndex", isAgents ? 0 : check.CreateIndex);
        json.WriteNumber("ModifyIndex", isAgents ? 0 : check.ModifyIndex);
        json.WriteEndObject();
    }

    /// <summary>A check as <c>/v1/agent/health</c> shows it: without its type, with a definition of zeros.</summary>
    public static void WriteAgentHealthCheck(Utf8JsonWriter json, CheckRow check, ServiceRow service)
    {
        json.WriteStartObject();
        WriteCheckMembers(json, check, service, "");
        json.WritePropertyName("Definition");
        json.WriteRawValue(
            """{"Interval":"0s","Timeout":"0s","DeregisterCriticalServiceAfter":"0s","HTTP":"","Header":"""
            + """null,"Method":"","Body":"","TLSSkipVerify":false,"TCP":""}""");
        json.WriteNumber("CreateIndex", 0);
        json.WriteNumber("ModifyIndex", 0);
        json.WriteEndObject();
    }

    /// <summary>Node, service and checks of one instance; the node's checks first.</summary>
    public static void WriteInstance(Utf8JsonWriter json, NodeEntry node, InstanceEntry instance, string datacenter)
    {
        json.WriteStartObject();
        json.WritePropertyName("Node");
        WriteNode(json, node.Row, datacenter);
        json.WritePropertyName("Service");
        WriteService(json, instance.Row);
        json.WriteStartArray("Checks");
        foreach (CheckRow check in node.Checks.Values) WriteCheck(json, check, null);
        foreach (CheckRow check in instance.Checks.Values) WriteCheck(json, check, instance.Row);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void WriteList(Utf8JsonWriter json, string name, ImmutableArray<string> items)
    {
        json.WriteStartArray(name);
        foreach (string item in items) json.WriteStringValue(item);
        json.WriteEndArray();
    }

    public static void WriteMap(Utf8JsonWriter json, string name, ImmutableSortedDictionary<string, string>? map)
    {
        if (map is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        foreach ((string key, string value) in map) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteNodeMembers(Utf8JsonWriter json, NodeRow node, string datacenter, string metaName)
    {
        json.WriteString("ID", node.Id);
        json.WriteString("Node", node.Name);
        json.WriteString("Address", node.Address);
        json.WriteString("Datacenter", datacenter);
        WriteMap(json, "TaggedAddresses", node.TaggedAddresses);
        WriteMap(json, metaName, node.Meta);
    }

    private static void WriteCheckMembers(Utf8JsonWriter json, CheckRow check, ServiceRow? service, string type)
    {
        json.WriteString("Node", check.Node);
        json.WriteString("CheckID", check.Id);
        json.WriteString("Name", check.Name);
        json.WriteString("Status", check.Status);
        json.WriteString("Notes", check.Notes);
        json.WriteString("Output", check.Output);
        json.WriteString("ServiceID", check.ServiceId);
        json.WriteString("ServiceName", service?.Name ?? "");
        WriteList(json, "ServiceTags", service?.Tags ?? []);
        json.WriteString("Type", type);
    }

    private static void WriteAddresses(Utf8JsonWriter json, string name, ImmutableSortedDictionary<string, ServiceAddress>? addresses)
    {
        if (addresses is null || addresses.IsEmpty) return;
        json.WriteStartObject(name);
        foreach ((string network, ServiceAddress address) in addresses)
        {
            json.WriteStartObject(network);
            json.WriteString("Address", address.Address);
            json.WriteNumber("Port", address.Port);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteWeights(Utf8JsonWriter json, string name, ServiceRow service)
    {
        json.WriteStartObject(name);
        json.WriteNumber("Passing", service.WeightPassing);
        json.WriteNumber("Warning", service.WeightWarning);
        json.WriteEndObject();
    }

    /// <summary>There is no mesh here; clients still look for the members.</summary>
    private static void WriteProxy(Utf8JsonWriter json, string proxyName, string connectName)
    {
        json.WriteStartObject(proxyName);
        json.WriteStartObject("MeshGateway");
        json.WriteEndObject();
        json.WriteStartObject("Expose");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject(connectName);
        json.WriteEndObject();
    }
}
