using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Quintet.Registry.Access;
using Quintet.Registry.Filters;
using Quintet.Registry.Http;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Catalog;

/// <summary>
/// What the registry says about itself, and the checks of its node: <c>/v1/agent/self|members|checks|version</c>, <c>/v1/status/*</c>.
/// </summary>
internal sealed class AgentRoutes(Reads reads, LiveAccess access, IOptions<RegistryOptions> options)
{
    /// <summary>The level of the API that clients may expect; they read it as a version.</summary>
    public const string ApiLevel = "1.20.0";

    private static readonly string Product =
        typeof(AgentRoutes).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public void Map(RouteTable routes)
    {
        routes.Get("/v1/status/leader", call => call.Json(json => json.WriteStringValue(Leader)));
        routes.Get("/v1/status/peers", call => call.Json(WritePeers));
        routes.Get("/v1/agent/self", call => call.Json(WriteSelf));
        routes.Get("/v1/agent/members", call => call.Json(WriteMembers));
        routes.Get("/v1/agent/version", call => call.Json(WriteVersion));
        routes.Get("/v1/agent/checks", ChecksAsync);
        routes.Get("/v1/coordinate/nodes", CoordinatesAsync);
        foreach (Action<string, Func<Call, Task>> map in (Action<string, Func<Call, Task>>[])[routes.Get, routes.Put, routes.Delete])
        {
            map("/v1/acl/", AccessListsAsync);
            map("/v1/agent/token/", AccessListsAsync);
        }
    }

    /// <summary>Where a Consul server would speak to its peers; clients compare it and never connect.</summary>
    private string Leader => $"{reads.Now.Local.Row.Address}:8300";

    private Task ChecksAsync(Call call)
    {
        NodeEntry local = reads.Now.Local;
        Predicate<FilteredCheck> filter = CatalogFilters.Checks(call);
        return call.Json(json =>
        {
            json.WriteStartObject();
            foreach (CheckRow check in local.AllChecks().Where(check => check.Id != LocalNode.AliveCheck))
            {
                ServiceRow? service = check.ServiceId.Length == 0 ? null : local.Instances[check.ServiceId].Row;
                if (!filter(new FilteredCheck(check, service))) continue;
                json.WritePropertyName(check.Id);
                CatalogJson.WriteCheck(json, check, service, isAgents: true);
            }

            json.WriteEndObject();
        });
    }

    private async Task CoordinatesAsync(Call call)
    {
        RegistryState state = await reads.ReadAsync(call, Scope.Nodes, saysConsistency: false);
        await call.Json(json =>
        {
            json.WriteStartArray();
            json.WriteStartObject();
            json.WriteString("Node", state.LocalNode);
            json.WriteString("Segment", "");
            WriteCoordinate(json);
            json.WriteEndObject();
            json.WriteEndArray();
        });
    }

    /// <summary>Tokens come from the settings, not from this API.</summary>
    private Task AccessListsAsync(Call call)
    {
        if (!access.Current.HasTokens) return call.Text(401, "ACL support disabled");
        Call.Demand(call.Grant.IsManagement);
        return call.Text(501, "tokens are managed in the settings of the registry, section Registry:Tokens");
    }

    private void WritePeers(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        json.WriteStringValue(Leader);
        json.WriteEndArray();
    }

    private void WriteVersion(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("SHA", "");
        json.WriteString("HumanVersion", ApiLevel);
        json.WriteString("FIPS", "");
        json.WriteEndObject();
    }

    private void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        json.WriteStartObject();
        WriteMember(json, reads.Now.Local.Row);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private void WriteSelf(Utf8JsonWriter json)
    {
        NodeRow node = reads.Now.Local.Row;
        json.WriteStartObject();
        json.WriteStartObject("Config");
        json.WriteString("Datacenter", options.Value.Datacenter);
        json.WriteString("PrimaryDatacenter", options.Value.Datacenter);
        json.WriteString("NodeName", node.Name);
        json.WriteString("NodeID", node.Id);
        json.WriteString("Revision", $"quintet-{Product}");
        json.WriteBoolean("Server", true);
        json.WriteString("Version", ApiLevel);
        json.WriteEndObject();
        json.WriteStartObject("DebugConfig");
        json.WriteEndObject();
        WriteCoordinate(json);
        json.WriteStartObject("Member");
        WriteMember(json, node);
        json.WriteEndObject();
        json.WriteStartObject("Stats");
        json.WriteEndObject();
        CatalogJson.WriteMap(json, "Meta", node.Meta);
        json.WriteEndObject();
    }

    private static void WriteCoordinate(Utf8JsonWriter json)
    {
        json.WriteStartObject("Coord");
        json.WriteStartArray("Vec");
        for (int i = 0; i < 8; i++) json.WriteNumberValue(0);
        json.WriteEndArray();
        json.WriteNumber("Error", 1.5);
        json.WriteNumber("Adjustment", 0);
        json.WriteNumber("Height", 0.00001);
        json.WriteEndObject();
    }

    private void WriteMember(Utf8JsonWriter json, NodeRow node)
    {
        json.WriteString("Name", node.Name);
        json.WriteString("Addr", node.Address);
        json.WriteNumber("Port", 8301);
        json.WriteStartObject("Tags");
        foreach ((string tag, string value) in ((string, string)[])
            [
                ("acls", access.Current.HasTokens ? "1" : "0"), ("bootstrap", "1"), ("build", ApiLevel + ":"), ("dc", options.Value.Datacenter),
                ("ft_fs", "1"), ("id", node.Id), ("port", "8300"), ("raft_vsn", "3"), ("role", "consul"), ("segment", ""), ("vsn", "2"),
                ("vsn_max", "3"), ("vsn_min", "2"), ("wan_join_port", "8302"),
            ])
            json.WriteString(tag, value);
        json.WriteEndObject();
        foreach ((string name, int value) in ((string, int)[])
            [
                ("Status", 1), ("ProtocolMin", 1), ("ProtocolMax", 5), ("ProtocolCur", 2), ("DelegateMin", 2), ("DelegateMax", 5), ("DelegateCur", 4),
            ])
            json.WriteNumber(name, value);
    }
}
