using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>Queues: to look at, to purge and to delete.</summary>
internal static class QueueRoutes
{
    public static void MapQueues(this RouteGroupBuilder api)
    {
        api.MapGet("/queues", (HttpContext http, BrokerContext broker) => List(TopologyRoutes.Visible(http, broker)));
        api.MapGet("/queues/{vhost}", (HttpContext http, BrokerContext broker) => TopologyRoutes.InVhost(http, broker, vhost => Results.Json(List([vhost]))));
        api.MapGet("/queues/{vhost}/{name}", (HttpContext http, BrokerContext broker) => Named(http, broker, (_, queue) => Results.Json(Shapes.Of(queue))));
        api.MapGet("/queues/{vhost}/{name}/bindings", (HttpContext http, BrokerContext broker) => Named(http, broker, Bindings));
        api.MapDelete("/queues/{vhost}/{name}/contents", (HttpContext http, BrokerContext broker) => Named(http, broker, (vhost, queue) => Purge(http,
            vhost, queue)));
        api.MapDelete("/queues/{vhost}/{name}", DeleteAsync);
        api.MapGet("/consumers", (HttpContext http, BrokerContext broker) => new JsonArray(
            [.. TopologyRoutes.Visible(http, broker).SelectMany(vhost => vhost.Queues).SelectMany(queue => queue.Consumers).Select(consumer =>
                (JsonNode)Shapes.Of(consumer))]));
    }

    private static IResult Named(HttpContext http, BrokerContext broker, Func<VirtualHost, Queue, IResult> answer) =>
        TopologyRoutes.InVhost(http, broker, vhost =>
            vhost.FindQueue(http.Request.Segment(3)) is { } queue ? answer(vhost, queue) : ManagementRoutes.NotFound());

    private static JsonArray List(IEnumerable<VirtualHost> vhosts) =>
        new([.. vhosts.SelectMany(vhost => vhost.Queues).OrderBy(queue => queue.Name, StringComparer.Ordinal).Select(queue => (JsonNode)Shapes.Of(queue))]);

    private static IResult Bindings(VirtualHost vhost, Queue queue) => Results.Json(new JsonArray(
        [Shapes.DefaultBinding(queue), .. vhost.ListBindings().Where(binding => binding.Destination.Queue == queue).Select(binding =>
            (JsonNode)Shapes.Of(binding))]));

    private static IResult Purge(HttpContext http, VirtualHost vhost, Queue queue)
    {
        if (!BasicAccess.UserOf(http).May(Right.Read, vhost.Name, queue.Name)) return ManagementRoutes.NotAuthorised("Access refused.");
        if (queue.Owner is not null) return Locked();
        queue.Purge();
        return Results.NoContent();
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, BrokerContext broker)
    {
        Task change = Task.CompletedTask;
        bool ifUnused = http.Request.Query["if-unused"] == "true", ifEmpty = http.Request.Query["if-empty"] == "true";
        IResult result = Named(http, broker, (vhost, queue) =>
        {
            if (!BasicAccess.UserOf(http).May(Right.Configure, vhost.Name, queue.Name)) return ManagementRoutes.NotAuthorised("Access refused.");
            if (queue.Owner is not null) return Locked();
            if (vhost.TryDeleteQueue(queue, counts => (!ifUnused || counts.Consumers == 0) && (!ifEmpty || counts.Ready == 0)) is not { } deletion)
                return Results.Json(new { error = "bad_request", reason = $"{queue.Settings.Described} in use or not empty" }, statusCode: 400);
            change = deletion.Durable;
            deletion.End.TellConsumers();
            return Results.NoContent();
        });
        await change;
        return result;
    }

    private static IResult Locked() => Results.Json(new { error = "bad_request", reason = "the queue is exclusive to a connection" }, statusCode: 400);
}
