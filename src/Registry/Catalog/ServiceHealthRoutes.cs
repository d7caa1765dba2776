using System.Text.Json;
using Microsoft.Extensions.Options;
using Quintet.Registry.Filters;
using Quintet.Registry.Http;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Catalog;

/// <summary><c>/v1/health/*</c>: instances with their checks, and checks by service, node and state.</summary>
internal sealed class ServiceHealthRoutes(Reads reads, IOptions<RegistryOptions> options)
{
    public void Map(RouteTable routes)
    {
        routes.Get("/v1/health/service/", ServiceAsync);
        routes.Get("/v1/health/checks/", ChecksAsync);
        routes.Get("/v1/health/node/", NodeAsync);
        routes.Get("/v1/health/state/", StateAsync);
    }

    private async Task ServiceAsync(Call call)
    {
        string name = call.Rest;
        if (name.Length == 0) throw RefusalException.BadRequest("Missing service name");
        bool onlyPassing = IsPassingAsked(call);
        InstanceQuery query = InstanceQuery.Of(call);
        Predicate<FilteredInstance> filter = CatalogFilters.Instances(call);
        RegistryState state = await reads.ReadCachedAsync(call, Scope.Service(name));
        await call.Json(json =>
        {
            json.WriteStartArray();
            foreach ((NodeEntry node, InstanceEntry instance) in state.InstancesOf(name))
                if (query.Matches(node, instance) && (!onlyPassing || IsPassing(node, instance)) && filter(new FilteredInstance(node, instance)))
                    CatalogJson.WriteInstance(json, node, instance, options.Value.Datacenter);
            json.WriteEndArray();
        });
    }

    private async Task ChecksAsync(Call call)
    {
        string name = call.Rest;
        if (name.Length == 0) throw RefusalException.BadRequest("Missing service name");
        InstanceQuery query = InstanceQuery.Of(call);
        Predicate<FilteredCheck> filter = CatalogFilters.Checks(call);
        RegistryState state = await reads.ReadAsync(call, Scope.Service(name));
        await call.Json(json =>
        {
            json.WriteStartArray();
            foreach ((NodeEntry node, InstanceEntry instance) in state.InstancesOf(name))
                if (query.MatchesNode(node))
                    WriteChecks(json, instance.Checks.Values.Select(check => new FilteredCheck(check, instance.Row)), filter);
            json.WriteEndArray();
        });
    }

    private async Task NodeAsync(Call call)
    {
        string name = call.Rest;
        if (name.Length == 0) throw RefusalException.BadRequest("Missing node name");
        Predicate<FilteredCheck> filter = CatalogFilters.Checks(call);
        RegistryState state = await reads.ReadAsync(call, Scope.Node(name));
        await call.Json(json =>
        {
            json.WriteStartArray();
            if (state.Nodes.TryGetValue(name, out NodeEntry? node))
                WriteChecks(json, ChecksOf(node), filter);
            json.WriteEndArray();
        });
    }

    private async Task StateAsync(Call call)
    {
        string status = call.Rest;
        if (status.Length == 0) throw RefusalException.BadRequest("Missing check state");
        InstanceQuery query = InstanceQuery.Of(call);
        Predicate<FilteredCheck> filter = CatalogFilters.Checks(call);
        RegistryState state = await reads.ReadAsync(call, Scope.Checks);
        await call.Json(json =>
        {
            json.WriteStartArray();
            foreach (NodeEntry node in state.Nodes.Values.Where(query.MatchesNode))
                WriteChecks(json, ChecksOf(node).Where(row => status == "any" || row.Check.Status == status), filter);
            json.WriteEndArray();
        });
    }

    private static bool IsPassing(NodeEntry node, InstanceEntry instance) =>
        node.Checks.Values.All(check => check.Status == CheckStatus.Passing) && instance.Checks.Values.All(check => check.Status == CheckStatus.Passing);

    private static bool IsPassingAsked(Call call)
    {
        if (call.Target.Value("passing") is not { } text) return false;
        if (text.Length == 0) return true;
        return GoBoolean.TryParse(text, out bool isAsked) ? isAsked : throw RefusalException.BadRequest("Invalid value for ?passing");
    }

    private static IEnumerable<FilteredCheck> ChecksOf(NodeEntry node) =>
        node.AllChecks().Select(check => new FilteredCheck(check, check.ServiceId.Length == 0 ? null : node.Instances[check.ServiceId].Row));

    private static void WriteChecks(Utf8JsonWriter json, IEnumerable<FilteredCheck> checks, Predicate<FilteredCheck> filter)
    {
        foreach (FilteredCheck row in checks)
            if (filter(row)) CatalogJson.WriteCheck(json, row.Check, row.Service);
    }
}
