using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Statistics;

namespace Quintet.Broker.Management.Nodes;

/// <summary>The one node: itself, its memory, and who tried to log in to it.</summary>
internal static class NodeRoutes
{
    public static void MapNodes(this RouteGroupBuilder api)
    {
        RouteGroupBuilder watchers = api.MapGroup("").AddEndpointFilter(new WatchersOnly());
        watchers.MapGet("/nodes", (HttpContext http, BrokerContext broker) => http.List([broker], _ => Shapes.Node, NodeShapes.Of));
        watchers.MapGet("/nodes/{name}", (HttpContext http, BrokerContext broker) => Known(http, 2, () => http.One(NodeShapes.Of(broker))));
        watchers.MapGet("/nodes/{name}/memory", (HttpContext http) =>
            Known(http, 2, () => http.One(new JsonObject { ["memory"] = NodeShapes.MemoryOf() })));
        watchers.MapGet("/nodes/{name}/memory/relative", (HttpContext http) =>
            Known(http, 2, () => http.One(new JsonObject { ["memory"] = NodeShapes.RelativeMemoryOf() })));
        watchers.MapGet("/auth/attempts/{name}", (HttpContext http, BrokerContext broker) =>
            Known(http, 3, () => Results.Json(new JsonArray(
                Show("http", broker.Node.Logins.Http), Show("amqp091", broker.Node.Logins.Amqp)))));
        // RabbitMQ tells them apart by address and name only when it is configured to; here they never are.
        watchers.MapGet("/auth/attempts/{name}/source", (HttpContext http) => Known(http, 3, () => Results.Json(new JsonArray())));
        foreach (string path in (string[])["/auth/attempts/{name}", "/auth/attempts/{name}/source"])
            watchers.MapDelete(path, (HttpContext http, BrokerContext broker) => Known(http, 3, () => Clear(broker)));
    }

    private static IResult Clear(BrokerContext broker)
    {
        broker.Node.Logins.Http.Clear();
        broker.Node.Logins.Amqp.Clear();
        return Results.NoContent();
    }

    private static IResult Known(HttpContext http, int segment, Func<IResult> answer) =>
        http.Request.Segment(segment) == Shapes.Node ? answer() : throw Refusal.NotFound();

    private static JsonObject Show(string protocol, Logins logins) => new()
    {
        ["protocol"] = protocol,
        ["auth_attempts"] = logins.Accepted + logins.Refused,
        ["auth_attempts_failed"] = logins.Refused,
        ["auth_attempts_succeeded"] = logins.Accepted,
    };
}
