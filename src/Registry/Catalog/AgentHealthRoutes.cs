using System.Text.Json;
using Quintet.Registry.Http;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Catalog;

/// <summary><c>/v1/agent/health/service/*</c>: one status for an instance or a service, in the status code, for load balancers.</summary>
internal sealed class AgentHealthRoutes(Reads reads)
{
    private const string Maintenance = "maintenance";

    public void Map(RouteTable routes)
    {
        routes.Get("/v1/agent/health/service/name/", ByNameAsync);
        routes.Get("/v1/agent/health/service/id/", ByIdAsync);
    }

    private Task ByNameAsync(Call call)
    {
        string name = call.Rest;
        if (name.Length == 0) throw new RefusalException(500, "Bad request: Missing service Name");
        NodeEntry local = reads.Now.Local;
        List<InstanceEntry> instances = [.. local.Instances.Values.Where(instance => instance.Row.Name.Equals(name, StringComparison.OrdinalIgnoreCase))];
        if (instances.Count == 0) return AnswerAsync(call, 404, $"ServiceName {name} Not Found", json => json.WriteRawValue("[]"));

        string worst = Worst(instances.Select(instance => StatusOf(local, instance)));
        return AnswerAsync(call, CodeOf(worst), worst, json =>
        {
            json.WriteStartArray();
            foreach (InstanceEntry instance in instances) WriteInstance(json, local, instance);
            json.WriteEndArray();
        });
    }

    private Task ByIdAsync(Call call)
    {
        string id = call.Rest;
        if (id.Length == 0) throw new RefusalException(500, "Bad request: Missing serviceID");
        NodeEntry local = reads.Now.Local;
        if (!local.Instances.TryGetValue(id, out InstanceEntry? instance))
            return AnswerAsync(call, 404, $"ServiceId {id} not found",
                json => json.WriteRawValue("""{"AggregatedStatus":"critical","Service":null,"Checks":null}"""));

        string status = StatusOf(local, instance);
        return AnswerAsync(call, CodeOf(status), status, json => WriteInstance(json, local, instance));
    }

    private static Task AnswerAsync(Call call, int code, string reason, Action<Utf8JsonWriter> write)
    {
        // A header holds no control characters and nothing beyond ASCII; a name may.
        call.ResponseHeaders["X-Consul-Reason"] = string.Concat(reason.Where(c => c is >= ' ' and < '\x7f'));
        return call.Target.Value("format") == "text" ? call.PlainText(code, reason) : call.Json(write, code);
    }

    private static void WriteInstance(Utf8JsonWriter json, NodeEntry local, InstanceEntry instance)
    {
        json.WriteStartObject();
        json.WriteString("AggregatedStatus", StatusOf(local, instance));
        json.WritePropertyName("Service");
        CatalogJson.WriteAgentService(json, instance.Row);
        json.WriteStartArray("Checks");
        foreach (CheckRow check in ChecksOf(local, instance)) CatalogJson.WriteAgentHealthCheck(json, check, instance.Row);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static IEnumerable<CheckRow> ChecksOf(NodeEntry local, InstanceEntry instance) =>
        local.Checks.Values.Where(check => check.Id != LocalNode.AliveCheck).Concat(instance.Checks.Values);

    private static string StatusOf(NodeEntry local, InstanceEntry instance) =>
        Worst(ChecksOf(local, instance).Select(check => check.Type == Maintenance ? Maintenance : check.Status));

    private static string Worst(IEnumerable<string> statuses) => statuses.MaxBy(Rank) ?? CheckStatus.Passing;

    private static int Rank(string status) =>
        status switch { Maintenance => 3, CheckStatus.Critical => 2, CheckStatus.Warning => 1, _ => 0 };

    private static int CodeOf(string status) => status switch { CheckStatus.Passing => 200, CheckStatus.Warning => 429, _ => 503 };
}
