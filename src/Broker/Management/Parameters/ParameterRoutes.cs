using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Migration;
using Quintet.Broker.Policies;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management.Parameters;

/// <summary>
/// RabbitMQ's parameters of virtual hosts: its way of keeping policies and limits, and the one way of its tools to list them. The components of
/// plugins (federation, shovels) are not there, and so nothing can be set for them.
/// </summary>
internal static class ParameterRoutes
{
    private const string OfPolicies = "policy";
    private const string OfOperators = "operator_policy";
    private const string OfLimits = "vhost-limits";
    private const string LimitsName = "limits";

    public static void MapParameters(this RouteGroupBuilder api)
    {
        api.MapGet("/parameters", (HttpContext http, BrokerContext broker) => List(http, broker, _ => true));
        api.MapGet("/parameters/{component}", (HttpContext http, BrokerContext broker) => List(http, broker, _ => true));
        api.MapGet("/parameters/{component}/{vhost}", (HttpContext http, BrokerContext broker) =>
        {
            VirtualHost vhost = Require(http, broker) ?? throw Refusal.NotFound();
            return List(http, broker, other => other == vhost);
        });
        api.MapGet("/parameters/{component}/{vhost}/{name}", (HttpContext http, BrokerContext broker) =>
            http.One(Find(http, Require(http, broker) ?? throw Refusal.NotFound())?.DeepClone().AsObject() ?? throw Refusal.NotFound()));
        api.MapPut("/parameters/{component}/{vhost}/{name}", PutAsync);
        api.MapDelete("/parameters/{component}/{vhost}/{name}", DeleteAsync);
    }

    private static IResult List(HttpContext http, BrokerContext broker, Func<VirtualHost, bool> isMeant)
    {
        PolicyRoutes.RequirePolicymaker(http, null);
        string component = http.Request.Segment(2);
        IEnumerable<JsonObject> found = TopologyRoutes.Visible(http, broker).Where(isMeant).SelectMany(All)
            // The list of all leaves the policies out, as RabbitMQ's does.
            .Where(parameter => component.Length == 0 ? (string)parameter["component"]! != OfPolicies : (string)parameter["component"]! == component);
        return http.List(found, parameter => (string)parameter["name"]!, parameter => parameter);
    }

    private static IEnumerable<JsonObject> All(VirtualHost vhost) =>
    [
        .. vhost.Policies.OfOperator.Select(DefinitionShapes.ParameterOf),
        .. vhost.Policies.Policies.Select(DefinitionShapes.ParameterOf),
        .. DefinitionShapes.LimitParameterOf(vhost.Settings) is { } limits ? (IEnumerable<JsonObject>)[limits] : [],
    ];

    private static JsonObject? Find(HttpContext http, VirtualHost vhost) => All(vhost).FirstOrDefault(parameter =>
        (string)parameter["component"]! == http.Request.Segment(2) && (string)parameter["name"]! == http.Request.Segment(4));

    private static async Task<IResult> PutAsync(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = Require(http, broker) ?? throw Refusal.VhostNotFound();
        JsonElement body = await RequestBody.ReadAsync(http, "value");
        JsonElement value = body.GetProperty("value");
        bool isNew = Find(http, vhost) is null;
        string component = http.Request.Segment(2), name = http.Request.Segment(4);
        if (component == OfPolicies) throw Refusal.BadRequest("policies may not be set using this method");
        if (component == OfOperators) await PutPolicyAsync(vhost, name, value);
        else if (component != OfLimits) throw Refusal.Invalid($"component {component} not found");
        else if (name != LimitsName) throw Refusal.Invalid($"name must be \"limits\", actually was \"{name}\"");
        else await PutLimitsAsync(broker, vhost, value);
        return ManagementRoutes.Put(isNew);
    }

    private static async Task PutPolicyAsync(VirtualHost vhost, string name, JsonElement value)
    {
        string[] missing = [.. ((string[])["pattern", "definition", "priority"])
            .Where(key => value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(key, out _))];
        if (missing.Length > 0) throw Refusal.Invalid(string.Join('\n', missing.Select(key => $"Key \"{key}\" not found in {name}")));
        if (!PolicyRules.TryRead(new PolicyKey(vhost.Name, name, IsOperator: true), value, out Policy? policy, out string? fault))
            throw Refusal.Filtered(fault);
        await vhost.PutPolicy(policy);
    }

    private static async Task PutLimitsAsync(BrokerContext broker, VirtualHost vhost, JsonElement value)
    {
        (long? connections, long? queues) = LimitValues.OfVhost(value, Refusal.Invalid);
        await broker.Node.VirtualHosts.PutAsync(
            vhost.Name, broker.Limits.VirtualHosts, settings => settings with { ConnectionsMax = connections, QueuesMax = queues });
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = Require(http, broker) ?? throw Refusal.NotFound();
        if (Find(http, vhost) is null) throw Refusal.NotFound();
        switch (http.Request.Segment(2))
        {
            case OfPolicies:
                throw Refusal.BadRequest("policies may not be cleared using this method");
            case OfOperators:
                await (vhost.TryRemovePolicy(new PolicyKey(vhost.Name, http.Request.Segment(4), IsOperator: true)) ?? throw Refusal.NotFound());
                break;
            default:
                await broker.Node.VirtualHosts.PutAsync(
                    vhost.Name, broker.Limits.VirtualHosts, settings => settings with { ConnectionsMax = null, QueuesMax = null });
                break;
        }

        return Results.NoContent();
    }

    // Who asks for a virtual host that is not there is told so only when it might have seen it.
    private static VirtualHost? Require(HttpContext http, BrokerContext broker)
    {
        VirtualHost? vhost = broker.Node.FindVhost(http.Request.Segment(3));
        PolicyRoutes.RequirePolicymaker(http, vhost);
        return vhost;
    }
}
