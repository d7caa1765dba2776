using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Policies;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>Policies, and the operator's policies that bound them.</summary>
internal static class PolicyRoutes
{
    public static void MapPolicies(this RouteGroupBuilder api)
    {
        Map(api, "/policies", isOperator: false);
        Map(api, "/operator-policies", isOperator: true);
    }

    public static JsonObject Of(Policy policy) => new()
    {
        ["vhost"] = policy.Key.Vhost,
        ["name"] = policy.Name,
        ["pattern"] = policy.Pattern,
        ["apply-to"] = policy.AppliesTo,
        ["definition"] = Shapes.Of(policy.Definition),
        ["priority"] = policy.Priority == Math.Floor(policy.Priority) ? JsonValue.Create((long)policy.Priority) : JsonValue.Create(policy.Priority),
    };

    private static void Map(RouteGroupBuilder api, string path, bool isOperator)
    {
        api.MapGet(path, (HttpContext http, BrokerContext broker) => List(http, TopologyRoutes.Visible(http, broker), isOperator));
        api.MapGet(path + "/{vhost}", (HttpContext http, BrokerContext broker) =>
            TopologyRoutes.InVhost(http, broker, vhost => List(http, [vhost], isOperator)));
        api.MapGet(path + "/{vhost}/{name}", (HttpContext http, BrokerContext broker) => TopologyRoutes.InVhost(http, broker, vhost =>
            vhost.Policies.Find(http.Request.Segment(3), isOperator) is { } policy ? Results.Json(Of(policy)) : ManagementRoutes.NotFound()));
        api.MapPut(path + "/{vhost}/{name}", (HttpContext http, BrokerContext broker) => PutAsync(http, broker, isOperator));
        api.MapDelete(path + "/{vhost}/{name}", (HttpContext http, BrokerContext broker) => DeleteAsync(http, broker, isOperator));
    }

    private static IResult List(HttpContext http, IEnumerable<VirtualHost> vhosts, bool isOperator) => http.List(
        vhosts.SelectMany(vhost => isOperator ? vhost.Policies.OfOperator : vhost.Policies.Policies), policy => policy.Name, Of);

    private static async Task<IResult> PutAsync(HttpContext http, BrokerContext broker, bool isOperator)
    {
        VirtualHost vhost = broker.Node.FindVhost(http.Request.Segment(2))
            ?? throw Refusal.VhostNotFound();
        RequirePolicymaker(http, vhost, isOperator);
        JsonElement body = await RequestBody.ReadAsync(http, "pattern", "definition");
        PolicyKey key = new(vhost.Name, http.Request.Segment(3), isOperator);
        if (!PolicyRules.TryRead(key, body, out Policy? policy, out string? fault))
            throw isOperator ? Refusal.BadRequest(fault) : Refusal.Filtered(fault);
        bool isNew = vhost.Policies.Find(key.Name, isOperator) is null;
        await vhost.PutPolicy(policy);
        return isNew ? Results.StatusCode(StatusCodes.Status201Created) : Results.NoContent();
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, BrokerContext broker, bool isOperator)
    {
        VirtualHost vhost = broker.Node.FindVhost(http.Request.Segment(2)) ?? throw Refusal.NotFound();
        RequirePolicymaker(http, vhost, isOperator);
        await (vhost.TryRemovePolicy(new PolicyKey(vhost.Name, http.Request.Segment(3), isOperator)) ?? throw Refusal.NotFound());
        return Results.NoContent();
    }

    /// <summary>An administrator, or a policymaker who may enter the virtual host, if it is about one.</summary>
    public static void RequirePolicymaker(HttpContext http, VirtualHost? vhost, bool isOperator = false)
    {
        BrokerUser user = BasicAccess.UserOf(http);
        if (isOperator && !user.IsAdministrator) throw Refusal.NotAuthorised("Not administrator user");
        if (!user.IsAdministrator && !(user.Tags.Contains("policymaker") && (vhost is null || user.MayEnter(vhost.Name))))
            throw Refusal.NotAuthorised("User not authorised to access object");
    }
}
