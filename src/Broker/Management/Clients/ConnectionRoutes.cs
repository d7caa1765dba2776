using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Management.Rates;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management.Clients;

/// <summary>Connections and channels: to look at, and to close.</summary>
internal static class ConnectionRoutes
{
    private static readonly TimeSpan CloseWait = TimeSpan.FromSeconds(1);

    public static void MapConnections(this RouteGroupBuilder api)
    {
        api.MapGet("/connections", (HttpContext http, BrokerContext broker, StatisticsLoop rates) => List(http, Visible(http, broker), rates));
        api.MapGet("/vhosts/{vhost}/connections", (HttpContext http, BrokerContext broker, StatisticsLoop rates) => List(http, In(http, broker), rates));
        api.MapGet("/connections/username/{user}", (HttpContext http, BrokerContext broker) =>
            http.List(OfUser(http, broker), connection => connection.Name, ConnectionShapes.Tracked));
        api.MapDelete("/connections/username/{user}", (Delegate)CloseAll);
        api.MapGet("/connections/{name}", (HttpContext http, BrokerContext broker, StatisticsLoop rates) =>
            http.One(ConnectionShapes.Of(Require(http, broker), rates)));
        api.MapDelete("/connections/{name}", (Delegate)CloseOne);
        api.MapGet("/connections/{name}/channels", (HttpContext http, BrokerContext broker, StatisticsLoop rates) =>
            Channels(http, [Require(http, broker)], rates));
        api.MapGet("/channels", (HttpContext http, BrokerContext broker, StatisticsLoop rates) => Channels(http, Visible(http, broker), rates));
        api.MapGet("/vhosts/{vhost}/channels", (HttpContext http, BrokerContext broker, StatisticsLoop rates) => Channels(http, In(http, broker), rates));
        api.MapGet("/channels/{name}", OneChannel);
    }

    private static IResult List(HttpContext http, IEnumerable<Connection> connections, StatisticsLoop rates) =>
        http.List(connections.OrderBy(connection => connection.OpenedAt), connection => connection.Name, connection => ConnectionShapes.Of(connection, rates));

    private static IResult Channels(HttpContext http, IEnumerable<Connection> connections, StatisticsLoop rates) => http.List(
        connections.OrderBy(connection => connection.OpenedAt).SelectMany(connection => connection.Channels.OrderBy(channel => channel.Number)),
        ConnectionShapes.NameOf,
        channel => ConnectionShapes.Of(channel, rates));

    private static IResult OneChannel(HttpContext http, BrokerContext broker, StatisticsLoop rates)
    {
        string name = http.Request.Segment(2);
        Channel channel = broker.Connections.All.SelectMany(connection => connection.Channels)
            .FirstOrDefault(channel => ConnectionShapes.NameOf(channel) == name) ?? throw Refusal.NotFound();
        RequireVisible(http, channel.Connection);
        JsonObject shown = ConnectionShapes.Of(channel, rates);
        shown["consumer_details"] = new JsonArray([.. channel.Consumers.Select(consumer => (JsonNode)Shapes.Of(consumer))]);
        // By exchange and by queue: there is nothing in them but with RabbitMQ's detailed rates.
        shown["publishes"] = new JsonArray();
        shown["deliveries"] = new JsonArray();
        return http.One(shown);
    }

    private static async Task<IResult> CloseOne(HttpContext http, BrokerContext broker)
    {
        await CloseAsync(http, [Require(http, broker)]);
        return Results.NoContent();
    }

    private static async Task<IResult> CloseAll(HttpContext http, BrokerContext broker)
    {
        await CloseAsync(http, [.. OfUser(http, broker)]);
        return Results.NoContent();
    }

    /// <summary>Answers when the connections and what was exclusively theirs are gone; a client that does not answer its close is not waited for.</summary>
    private static async Task CloseAsync(HttpContext http, Connection[] connections)
    {
        foreach (Connection connection in connections) Close(http, connection);
        Task gone = Task.WhenAll(connections.Select(connection => connection.Removed));
        await Task.WhenAny(gone, Task.Delay(CloseWait, TimeProvider.System, http.RequestAborted));
    }

    private static void Close(HttpContext http, Connection connection)
    {
        BrokerUser user = BasicAccess.UserOf(http);
        if (!user.IsAdministrator && user.Name != connection.Facts.User) throw Refusal.NotAuthorised("User not authorised to access object");
        connection.Force(http.Request.Headers["X-Reason"].FirstOrDefault() is { Length: > 0 } reason ? reason : "Closed via management plugin");
    }

    private static Connection Require(HttpContext http, BrokerContext broker)
    {
        string name = http.Request.Segment(2);
        Connection found = broker.Connections.All.FirstOrDefault(connection => connection.Name == name) ?? throw Refusal.NotFound();
        RequireVisible(http, found);
        return found;
    }

    private static void RequireVisible(HttpContext http, Connection connection)
    {
        if (!IsVisible(BasicAccess.UserOf(http), connection)) throw Refusal.NotAuthorised("User not authorised to access object");
    }

    private static IEnumerable<Connection> In(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker);
        return Visible(http, broker).Where(connection => connection.Facts.Vhost == vhost.Name);
    }

    private static IEnumerable<Connection> OfUser(HttpContext http, BrokerContext broker)
    {
        string name = http.Request.Segment(3);
        return Visible(http, broker).Where(connection => connection.Facts.User == name);
    }

    // Those who watch the node see all connections, others their own.
    private static IEnumerable<Connection> Visible(HttpContext http, BrokerContext broker)
    {
        BrokerUser user = BasicAccess.UserOf(http);
        return broker.Connections.All.Where(connection => IsVisible(user, connection));
    }

    private static bool IsVisible(BrokerUser user, Connection connection) => user.MayWatch || connection.Facts.User == user.Name;
}
