using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Migration;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>Rights of users in virtual hosts. A change counts for the next thing a connected client does.</summary>
internal static class PermissionRoutes
{
    public static void MapPermissions(this RouteGroupBuilder api)
    {
        RouteGroupBuilder administrators = api.MapGroup("").AddEndpointFilter(new AdministratorsOnly());
        administrators.MapGet("/permissions", (HttpContext http, Users users) => All(http, users, null));
        administrators.MapGet("/topic-permissions", (HttpContext http, Users users) => AllTopics(http, users, null));
        administrators.MapGet("/vhosts/{vhost}/permissions", (HttpContext http, BrokerContext broker) => TopologyRoutes.InVhost(http, broker, vhost =>
            All(http, broker.Users, vhost.Name)));
        administrators.MapGet("/vhosts/{vhost}/topic-permissions", (HttpContext http, BrokerContext broker) => TopologyRoutes.InVhost(http, broker, vhost =>
            AllTopics(http, broker.Users, vhost.Name)));
        administrators.MapGet("/permissions/{vhost}/{user}", (HttpContext http, Users users) =>
            Of(http, users) is { } found ? Results.Json(found) : ManagementRoutes.NotFound());
        administrators.MapPut("/permissions/{vhost}/{user}", PutAsync);
        administrators.MapDelete("/permissions/{vhost}/{user}", DeleteAsync);
        administrators.MapGet("/topic-permissions/{vhost}/{user}", (HttpContext http, Users users) =>
            TopicsOf(http, users) is { Count: > 0 } found ? Results.Json(found) : ManagementRoutes.NotFound());
        administrators.MapPut("/topic-permissions/{vhost}/{user}", PutTopicAsync);
        administrators.MapDelete("/topic-permissions/{vhost}/{user}", DeleteTopicsAsync);
        administrators.MapDelete("/topic-permissions/{vhost}/{user}/{exchange}", DeleteTopicsAsync);
    }

    private static IResult All(HttpContext http, Users users, string? vhost) => http.List(
        from user in users.All from of in user.Settings.Permissions where vhost is null || of.Vhost == vhost select (user.Name, Of: of),
        pair => pair.Name, pair => DefinitionShapes.Of(pair.Name, pair.Of));

    private static IResult AllTopics(HttpContext http, Users users, string? vhost) => http.List(
        from user in users.All from of in user.Settings.TopicPermissions where vhost is null || of.Vhost == vhost select (user.Name, Of: of),
        pair => pair.Name, pair => DefinitionShapes.Of(pair.Name, pair.Of));

    private static Permission? PermissionOf(HttpContext http, Users users) =>
        users.Find(http.Request.Segment(3))?.Settings.Permissions.FirstOrDefault(of => of.Vhost == http.Request.Segment(2));

    private static JsonObject? Of(HttpContext http, Users users) =>
        PermissionOf(http, users) is { } permission ? DefinitionShapes.Of(http.Request.Segment(3), permission) : null;

    private static JsonArray TopicsOf(HttpContext http, Users users)
    {
        (string vhost, string name) = (http.Request.Segment(2), http.Request.Segment(3));
        return new([.. (users.Find(name)?.Settings.TopicPermissions ?? []).Where(of => of.Vhost == vhost).Select(of =>
            (JsonNode)DefinitionShapes.Of(name, of))]);
    }

    private static async Task<IResult> PutAsync(HttpContext http, BrokerContext broker)
    {
        Permission permission = PlanReader.PermissionOf(await RequestDocument.ReadObjectAsync(http), http.Request.Segment(2));
        return await ChangeAsync(http, broker, user => user.With(permission), of => of.Permissions.Any(other => other.Vhost == permission.Vhost));
    }

    private static async Task<IResult> PutTopicAsync(HttpContext http, BrokerContext broker)
    {
        TopicPermission permission = PlanReader.TopicPermissionOf(await RequestDocument.ReadObjectAsync(http), http.Request.Segment(2));
        return await ChangeAsync(http, broker, user => user.With(permission), of => of.TopicPermissions.Any(other => other.Vhost == permission.Vhost));
    }

    private static async Task<IResult> ChangeAsync(
        HttpContext http, BrokerContext broker, Func<UserSettings, UserSettings> change, Func<UserSettings, bool> wasThere)
    {
        bool isNew = false;
        await broker.Users.ChangeAsync(http.Request.Segment(3), current =>
        {
            bool isOfSettings = broker.Users.IsOfSettings(http.Request.Segment(3));
            if (broker.Node.FindVhost(http.Request.Segment(2)) is null || (current is null && !isOfSettings))
                throw new ChangeRefusedException("vhost_or_user_not_found");
            UserSettings known = current ?? broker.Users.Find(http.Request.Segment(3))!.Settings;
            isNew = !wasThere(known);
            return change(known);
        });
        return ManagementRoutes.Put(isNew);
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, Users users)
    {
        if (PermissionOf(http, users) is not { } permission) return ManagementRoutes.NotFound();
        await users.ChangeAsync(http.Request.Segment(3), current => (current ?? users.Find(http.Request.Segment(3))?.Settings) is { } known
            ? known with { Permissions = [.. known.Permissions.Where(of => of.Vhost != permission.Vhost)] }
            : null);
        return Results.NoContent();
    }

    private static async Task<IResult> DeleteTopicsAsync(HttpContext http, Users users)
    {
        if (TopicsOf(http, users).Count == 0) return ManagementRoutes.NotFound();
        (string vhost, string exchange) = (http.Request.Segment(2), http.Request.Segment(4));
        await users.ChangeAsync(http.Request.Segment(3), current => (current ?? users.Find(http.Request.Segment(3))?.Settings) is { } known
            ? known with { TopicPermissions = [.. known.TopicPermissions.Where(of => of.Vhost != vhost || (exchange.Length > 0 && of.Exchange != exchange))] }
            : null);
        return Results.NoContent();
    }
}
