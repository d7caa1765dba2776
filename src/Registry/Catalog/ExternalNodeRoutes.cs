using System.Text.Json;
using Microsoft.Extensions.Options;
using Quintet.Registry.Http;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Catalog;

/// <summary>
/// <c>/v1/catalog/register</c> and <c>/deregister</c>: nodes, services and checks that somebody else looks after. For management only.
/// </summary>
internal sealed class ExternalNodeRoutes(CommitLoop commits, IOptions<RegistryOptions> options)
{
    public void Map(RouteTable routes)
    {
        routes.Put("/v1/catalog/register", RegisterAsync);
        routes.Put("/v1/catalog/deregister", DeregisterAsync);
    }

    private async Task RegisterAsync(Call call)
    {
        JsonFields fields = await ReadAsync(call);
        string node = fields.Text("Node");
        string address = fields.Text("Address");
        bool keepsNode = fields.Flag("SkipNodeUpdate");
        if (node.Length == 0) throw new RefusalException(500, "Must provide node");
        if (address.Length == 0 && !keepsNode) throw new RefusalException(500, "Must provide address if SkipNodeUpdate is not set");
        NodeRow row = new()
        {
            Id = fields.Text("ID"),
            Name = node,
            Address = address,
            TaggedAddresses = fields.Map("TaggedAddresses"),
            Meta = fields.Map("NodeMeta"),
        };
        ServiceRow? service = fields.Has("Service") ? ServiceOf(fields.Object("Service")) : null;
        CheckRow[] checks = [.. ChecksOf(fields)];

        await commits.WriteAsync(draft =>
        {
            string name = draft.State.Nodes.TryGetValue(node, out NodeEntry? known) ? known.Row.Name : node;
            if (known is null && keepsNode) throw new RefusalException(500, "Must provide address if SkipNodeUpdate is not set");
            // What this registry says of itself comes from its settings.
            if (!keepsNode && name != draft.State.LocalNode) draft.PutNode(row with { Name = name });
            if (service is not null) Put(draft, service with { Node = name });
            foreach (CheckRow check in checks)
            {
                if (check.ServiceId.Length > 0 && !draft.State.Nodes[name].Instances.ContainsKey(check.ServiceId))
                    throw new RefusalException(500, "Missing service registration");
                draft.PutCheck(check with { Node = name });
            }
        });
        await call.Json(json => json.WriteBooleanValue(true));
    }

    private async Task DeregisterAsync(Call call)
    {
        JsonFields fields = await ReadAsync(call);
        string node = fields.Text("Node");
        string service = fields.Text("ServiceID");
        string check = fields.Text("CheckID");
        if (node.Length == 0) throw new RefusalException(500, "Must provide node");
        await commits.WriteAsync(draft =>
        {
            if (service.Length > 0) draft.RemoveService(node, service);
            else if (check.Length > 0) draft.RemoveCheck(node, check);
            else if (node.Equals(draft.State.LocalNode, StringComparison.OrdinalIgnoreCase))
                throw RefusalException.BadRequest("the node of the registry itself cannot be deregistered");
            else draft.RemoveNode(node);
        });
        await call.Json(json => json.WriteBooleanValue(true));
    }

    private async Task<JsonFields> ReadAsync(Call call)
    {
        Call.Demand(call.Grant.IsManagement);
        return JsonFields.Parse(await call.ReadBodyAsync(options.Value.Limits.BodyBytesMax));
    }

    private void Put(Draft draft, ServiceRow service)
    {
        NodeEntry node = draft.State.Nodes[service.Node];
        if (!node.Instances.ContainsKey(service.Id) && node.Instances.Count >= options.Value.Limits.InstancesMax)
            throw new RefusalException(429, "Too many service instances; the limit is Registry:Limits:InstancesMax");
        draft.PutService(service);
    }

    private ServiceRow ServiceOf(JsonFields fields)
    {
        string name = fields.Text("Service");
        if (name.Length == 0) throw new RefusalException(500, "Must provide service name with ID");
        ServiceRow service = ServiceDefinition.Read(fields, fields.Text("ID") is { Length: > 0 } id ? id : name, name);
        ServiceDefinition.Check(service, options.Value.Limits);
        return service;
    }

    private static IEnumerable<CheckRow> ChecksOf(JsonFields fields)
    {
        JsonElement[] one = fields.Find("Check") is { } single ? [single] : [];
        foreach (JsonElement element in (JsonElement[])[.. one, .. fields.Elements("Checks")])
        {
            JsonFields check = new(element);
            string name = check.Text("Name");
            string id = check.Text("CheckID") is { Length: > 0 } given ? given : name;
            string status = check.Text("Status") is { Length: > 0 } said ? said : CheckStatus.Critical;
            if (id.Length == 0) throw RefusalException.BadRequest("Missing check name");
            if (!CheckStatus.IsKnown(status)) throw RefusalException.BadRequest("Status for checks must 'passing', 'warning', 'critical'");
            yield return new CheckRow
            {
                Node = "",
                Id = id,
                Name = name,
                Status = status,
                Notes = check.Text("Notes"),
                Output = check.Text("Output"),
                ServiceId = check.Text("ServiceID"),
                Type = check.Text("Type"),
            };
        }
    }
}
