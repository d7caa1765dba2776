using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;

namespace Quintet.Broker.Management;

/// <summary>Connections and channels: to look at, and to close.</summary>
internal static class ConnectionRoutes
{
    public static void MapConnections(this RouteGroupBuilder api)
    {
        api.MapGet("/connections", (HttpContext http, BrokerContext broker) =>
            new JsonArray([.. Visible(http, broker).Select(connection => (JsonNode)Shapes.Of(connection))]));
        api.MapGet("/connections/{name}", (HttpContext http, BrokerContext broker) =>
            Find(http, broker) is { } connection ? Results.Json(Shapes.Of(connection)) : ManagementRoutes.NotFound());
        api.MapDelete("/connections/{name}", Close);
        api.MapGet("/channels", (HttpContext http, BrokerContext broker) =>
            new JsonArray([.. Visible(http, broker).SelectMany(connection => connection.Channels).Select(channel => (JsonNode)Shapes.Of(channel))]));
    }

    private static IResult Close(HttpContext http, BrokerContext broker)
    {
        if (Find(http, broker) is not { } connection) return ManagementRoutes.NotFound();
        BrokerUser user = BasicAccess.UserOf(http);
        if (!user.IsAdministrator && user.Name != connection.Facts.User) return ManagementRoutes.NotAuthorised("User not authorised to access object");
        string reason = http.Request.Headers["X-Reason"].FirstOrDefault() ?? "Closed via management plugin";
        connection.Force(reason);
        return Results.NoContent();
    }

    private static Connection? Find(HttpContext http, BrokerContext broker)
    {
        string name = http.Request.Segment(2);
        return Visible(http, broker).FirstOrDefault(connection => connection.Name == name);
    }

    // Those who watch the node see all connections, others their own.
    private static IEnumerable<Connection> Visible(HttpContext http, BrokerContext broker)
    {
        BrokerUser user = BasicAccess.UserOf(http);
        return broker.Connections.All.Where(connection => user.MayWatch || connection.Facts.User == user.Name);
    }
}
