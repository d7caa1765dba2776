using System.Text.Json;
using Microsoft.Extensions.Options;
using Quintet.Registry.Filters;
using Quintet.Registry.Http;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Catalog;

/// <summary>The reads of <c>/v1/catalog/*</c>.</summary>
internal sealed class CatalogRoutes(Reads reads, IOptions<RegistryOptions> options)
{
    private string Datacenter => options.Value.Datacenter;

    public void Map(RouteTable routes)
    {
        routes.Get("/v1/catalog/datacenters", call => call.Json(WriteDatacenters));
        routes.Get("/v1/catalog/nodes", NodesAsync);
        routes.Get("/v1/catalog/services", ServicesAsync);
        routes.Get("/v1/catalog/service/", ServiceAsync);
        routes.Get("/v1/catalog/node/", NodeAsync);
        routes.Get("/v1/catalog/node-services/", NodeServicesAsync);
    }

    private void WriteDatacenters(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        json.WriteStringValue(Datacenter);
        json.WriteEndArray();
    }

    private async Task NodesAsync(Call call)
    {
        InstanceQuery query = InstanceQuery.Of(call);
        Predicate<NodeRow> filter = CatalogFilters.Nodes(call);
        RegistryState state = await reads.ReadAsync(call, Scope.Nodes);
        await call.Json(json =>
        {
            json.WriteStartArray();
            foreach (NodeEntry node in state.Nodes.Values)
                if (query.MatchesNode(node) && filter(node.Row)) CatalogJson.WriteNode(json, node.Row, Datacenter);
            json.WriteEndArray();
        });
    }

    private async Task ServicesAsync(Call call)
    {
        InstanceQuery query = InstanceQuery.Of(call);
        RegistryState state = await reads.ReadCachedAsync(call, Scope.Services);
        await call.Json(json =>
        {
            json.WriteStartObject();
            foreach (NameEntry name in state.Names.Values)
            {
                if (name.Instances.Count == 0 || !name.Instances.Any(key => query.MatchesNode(state.Nodes[key.Node]))) continue;
                CatalogJson.WriteList(json, name.Name, [.. name.Tags.Keys]);
            }

            json.WriteEndObject();
        });
    }

    private async Task ServiceAsync(Call call)
    {
        string name = call.Rest;
        if (name.Length == 0) throw RefusalException.BadRequest("Missing service name");
        InstanceQuery query = InstanceQuery.Of(call);
        Predicate<FilteredInstance> filter = CatalogFilters.Rows(call);
        RegistryState state = await reads.ReadCachedAsync(call, Scope.Service(name));
        await call.Json(json =>
        {
            json.WriteStartArray();
            foreach ((NodeEntry node, InstanceEntry instance) in state.InstancesOf(name))
                if (query.Matches(node, instance) && filter(new FilteredInstance(node, instance)))
                    CatalogJson.WriteCatalogRow(json, node.Row, instance.Row, Datacenter);
            json.WriteEndArray();
        });
    }

    private async Task NodeAsync(Call call)
    {
        string name = call.Rest;
        if (name.Length == 0) throw RefusalException.BadRequest("Missing node name");
        Predicate<ServiceRow> filter = CatalogFilters.Services(call);
        RegistryState state = await reads.ReadAsync(call, Scope.Node(name));
        if (!state.Nodes.TryGetValue(name, out NodeEntry? node))
        {
            await call.Json(json => json.WriteNullValue());
            return;
        }

        await call.Json(json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("Node");
            CatalogJson.WriteNode(json, node.Row, Datacenter);
            json.WriteStartObject("Services");
            foreach (InstanceEntry instance in node.Instances.Values.Where(instance => filter(instance.Row)))
            {
                json.WritePropertyName(instance.Row.Id);
                CatalogJson.WriteService(json, instance.Row);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private async Task NodeServicesAsync(Call call)
    {
        string name = call.Rest;
        if (name.Length == 0) throw RefusalException.BadRequest("Missing node name");
        Predicate<ServiceRow> filter = CatalogFilters.Services(call);
        RegistryState state = await reads.ReadAsync(call, Scope.Node(name));
        NodeEntry? node = state.Nodes.GetValueOrDefault(name);
        await call.Json(json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("Node");
            if (node is null) json.WriteNullValue();
            else CatalogJson.WriteNode(json, node.Row, Datacenter);
            json.WritePropertyName("Services");
            if (node is null)
                json.WriteNullValue();
            else
            {
                json.WriteStartArray();
                foreach (InstanceEntry instance in node.Instances.Values)
                    if (filter(instance.Row)) CatalogJson.WriteService(json, instance.Row);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        });
    }
}
