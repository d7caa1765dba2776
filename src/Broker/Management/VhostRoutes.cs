using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Management.Parameters;
using Quintet.Broker.Management.Rates;
using Quintet.Broker.Migration;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>Virtual hosts: to look at, to make, to describe, to end; and the limits of virtual hosts and users.</summary>
internal static class VhostRoutes
{
    public static void MapVhosts(this RouteGroupBuilder api)
    {
        api.MapGet("/vhosts", (HttpContext http, BrokerContext broker, StatisticsLoop rates) =>
            http.List(TopologyRoutes.Visible(http, broker), vhost => vhost.Name, vhost => VhostShapes.Of(vhost, broker, rates)));
        api.MapGet("/vhosts/{vhost}", (HttpContext http, BrokerContext broker, StatisticsLoop rates) =>
            TopologyRoutes.InVhost(http, broker, vhost => http.One(VhostShapes.Of(vhost, broker, rates))));
        api.MapGet("/vhost-limits", (HttpContext http, BrokerContext broker) => Limits(TopologyRoutes.Visible(http, broker)));
        api.MapGet("/vhost-limits/{vhost}", (HttpContext http, BrokerContext broker) => TopologyRoutes.InVhost(http, broker, vhost =>
            Results.Json(Limits([vhost]))));
        RouteGroupBuilder administrators = api.MapGroup("").AddEndpointFilter(new AdministratorsOnly());
        administrators.MapPut("/vhosts/{vhost}", PutAsync);
        // One that is there runs.
        administrators.MapPost("/vhosts/{vhost}/start/{node}", (HttpContext http, BrokerContext broker) =>
            TopologyRoutes.InVhost(http, broker, _ => http.Request.Segment(4) == Shapes.Node ? Results.NoContent() : throw Refusal.NotFound()));
        administrators.MapDelete("/vhosts/{vhost}", async (HttpContext http, BrokerContext broker) =>
            await broker.Node.VirtualHosts.DeleteAsync(http.Request.Segment(2)) ? Results.NoContent() : ManagementRoutes.NotFound());
        administrators.MapPut("/vhost-limits/{vhost}/{name}", (HttpContext http, BrokerContext broker) => LimitVhostAsync(http, broker, isSet: true));
        administrators.MapDelete("/vhost-limits/{vhost}/{name}", (HttpContext http, BrokerContext broker) => LimitVhostAsync(http, broker, isSet: false));
        administrators.MapGet("/user-limits", (Users users) => Limits(users.All));
        administrators.MapGet("/user-limits/{user}", (HttpRequest request, Users users) =>
            users.Find(request.Segment(2)) is { } user ? Results.Json(Limits([user])) : ManagementRoutes.NotFound());
        administrators.MapPut("/user-limits/{user}/{name}", (HttpContext http, Users users) => LimitUserAsync(http, users, isSet: true));
        administrators.MapDelete("/user-limits/{user}/{name}", (HttpContext http, Users users) => LimitUserAsync(http, users, isSet: false));
    }

    private static async Task<IResult> PutAsync(HttpContext http, BrokerContext broker)
    {
        Func<VirtualHostSettings, VirtualHostSettings> describe = PlanReader.DescriptionOf(await RequestDocument.ReadObjectAsync(http));
        string name = http.Request.Segment(2), maker = BasicAccess.UserOf(http).Name;
        bool isNew = await broker.Node.VirtualHosts.PutAsync(name, broker.Limits.VirtualHosts, describe);
        // As with RabbitMQ, who makes it may use it; a user of the settings has the rights that stand there.
        if (isNew && !broker.Users.IsOfSettings(maker))
            await broker.Users.ChangeAsync(maker, user => user?.With(new Permission(name, ".*", ".*", ".*")));
        return ManagementRoutes.Put(isNew);
    }

    private static async Task<IResult> LimitVhostAsync(HttpContext http, BrokerContext broker, bool isSet)
    {
        (string vhost, string name) = (http.Request.Segment(2), http.Request.Segment(3));
        if (broker.Node.FindVhost(vhost) is null) throw Refusal.VhostNotFound();
        // Of these RabbitMQ does not filter the words.
        Func<string, Refusal> refuse = fault => Refusal.BadRequest($"Validation failed\n\n{fault}\n");
        long? value = isSet ? await ReadLimitAsync(http, name, (LimitValues.OfVhosts, "limits"), refuse) : null;
        await broker.Node.VirtualHosts.PutAsync(vhost, broker.Limits.VirtualHosts, settings => name switch
        {
            "max-connections" => settings with { ConnectionsMax = value },
            "max-queues" => settings with { QueuesMax = value },
            _ => settings,
        });
        return Results.NoContent();
    }

    private static async Task<IResult> LimitUserAsync(HttpContext http, Users users, bool isSet)
    {
        (string user, string name) = (http.Request.Segment(2), http.Request.Segment(3));
        long? value = isSet ? await ReadLimitAsync(http, name, (LimitValues.OfUsers, "user-limits"), Refusal.BadRequest) : null;
        if (users.Find(user) is not { } found)
            throw isSet ? Refusal.BadRequest(new object[] { "no_such_user", user }) : Refusal.NotFound();
        await users.ChangeAsync(user, current =>
        {
            UserSettings known = current ?? found.Settings;
            return name switch
            {
                "max-connections" => known with { Limits = known.Limits with { Connections = value } },
                "max-channels" => known with { Limits = known.Limits with { Channels = value } },
                _ => current,
            };
        });
        return Results.NoContent();
    }

    private static async Task<long?> ReadLimitAsync(HttpContext http, string name, (string[] Known, string Set) limits, Func<string, Refusal> refuse)
    {
        JsonElement value = (await RequestBody.ReadAsync(http, "value")).GetProperty("value");
        LimitValues.RequireKnown(limits.Known, limits.Set, name, value, refuse);
        return LimitValues.Read(name, value, refuse);
    }

    private static JsonArray Limits(IEnumerable<VirtualHost> vhosts) => new(
        [.. from vhost in vhosts let value = DefinitionShapes.LimitsOf(vhost.Settings) where value.Count > 0
            select (JsonNode)new JsonObject { ["vhost"] = vhost.Name, ["value"] = value }]);

    private static JsonArray Limits(IEnumerable<BrokerUser> users) => new(
        [.. from user in users let value = DefinitionShapes.Of(user.Settings.Limits) where value.Count > 0
            select (JsonNode)new JsonObject { ["user"] = user.Name, ["value"] = value }]);
}
