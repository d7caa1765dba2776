using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Amqp;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Management.Rates;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management.Messages;

/// <summary>Queues: to look at, declare, purge, delete and take messages from.</summary>
internal static class QueueRoutes
{
    public static void MapQueues(this RouteGroupBuilder api)
    {
        api.MapGet("/queues", (HttpContext http, BrokerContext broker, StatisticsLoop rates, HeadTimestamps heads) =>
            ListAsync(http, TopologyRoutes.Visible(http, broker), rates, heads));
        api.MapGet("/queues/{vhost}", (HttpContext http, BrokerContext broker, StatisticsLoop rates, HeadTimestamps heads) =>
            ListAsync(http, [TopologyRoutes.RequireVhost(http, broker)], rates, heads));
        api.MapGet("/queues/{vhost}/{name}", OneAsync);
        api.MapPut("/queues/{vhost}/{name}", DeclareAsync);
        api.MapDelete("/queues/{vhost}/{name}/contents", Purge);
        api.MapDelete("/queues/{vhost}/{name}", DeleteAsync);
        api.MapPost("/queues/{vhost}/{name}/get", GetRoute.GetAsync);
        api.MapPost("/queues/{vhost}/{name}/actions", ActAsync).AddEndpointFilter(new AdministratorsOnly());
        api.MapGet("/consumers", (HttpContext http, BrokerContext broker) => Consumers(http, TopologyRoutes.Visible(http, broker)));
        api.MapGet("/consumers/{vhost}", (HttpContext http, BrokerContext broker) => Consumers(http, [TopologyRoutes.RequireVhost(http, broker)]));
    }

    private static async Task<IResult> ListAsync(HttpContext http, IEnumerable<VirtualHost> vhosts, StatisticsLoop rates, HeadTimestamps heads)
    {
        Queue[] queues = [.. vhosts.SelectMany(vhost => vhost.Queues.OrderBy(queue => queue.Name, StringComparer.Ordinal))];
        bool isShort = http.Request.Query["disable_stats"] == "true", hasTotals = http.Request.Query["enable_queue_totals"] == "true";
        if (!isShort) await heads.LookAsync(queues, http.RequestAborted);
        return http.List(queues, queue => queue.Name, queue => isShort ? QueueShapes.Short(queue, hasTotals) : QueueShapes.Of(queue, rates, heads));
    }

    private static async Task<IResult> OneAsync(HttpContext http, BrokerContext broker, StatisticsLoop rates, HeadTimestamps heads)
    {
        Queue queue = Require(http, TopologyRoutes.RequireVhost(http, broker));
        await heads.LookAsync([queue], http.RequestAborted);
        JsonObject shown = QueueShapes.Of(queue, rates, heads);
        shown["consumer_details"] = new JsonArray([.. queue.Consumers.Select(consumer => (JsonNode)Shapes.Of(consumer))]);
        // By channel and by exchange: there is nothing in them but with RabbitMQ's detailed rates.
        shown["incoming"] = new JsonArray();
        shown["deliveries"] = new JsonArray();
        return http.One(shown);
    }

    private static IResult Consumers(HttpContext http, IEnumerable<VirtualHost> vhosts) => http.List(
        vhosts.SelectMany(vhost => vhost.Queues).SelectMany(queue => queue.Consumers), consumer => consumer.Tag, Shapes.Of);

    private static Queue Require(HttpContext http, VirtualHost vhost) => vhost.FindQueue(http.Request.Segment(3)) ?? throw Refusal.NotFound();

    private static async Task<IResult> DeclareAsync(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker, "vhost_not_found");
        JsonElement body = await RequestBody.ReadAsync(http);
        string name = http.Request.Segment(3);
        if (body.TryGetProperty("node", out JsonElement node) && node.GetString() != Shapes.Node)
            throw Refusal.BadRequest($"Node {node.GetString()} could not be contacted");
        QueueSettings declared = new()
        {
            Vhost = vhost.Name,
            Name = name,
            IsDurable = body.Flag("durable"),
            IsAutoDelete = body.Flag("auto_delete"),
            Arguments = JsonFields.Arguments(body),
        };
        RefuseName(http, vhost, declared);
        bool isNew = vhost.FindQueue(name) is null;
        vhost.DeclareQueue(declared, http, out Task durable);
        await durable;
        return Results.StatusCode(isNew ? StatusCodes.Status201Created : StatusCodes.Status204NoContent);
    }

    private static void RefuseName(HttpContext http, VirtualHost vhost, QueueSettings declared)
    {
        BrokerUser user = BasicAccess.UserOf(http);
        bool mayBury = declared.Arguments.Text("x-dead-letter-exchange") is not { } deadLetters
            || (user.May(Right.Read, vhost.Name, declared.Name) && user.May(Right.Write, vhost.Name, TopologyRoutes.NameInRights(deadLetters)));
        bool isReserved = declared.Name.StartsWith("amq.", StringComparison.Ordinal) && vhost.FindQueue(declared.Name) is null;
        if (isReserved || !mayBury || !user.May(Right.Configure, vhost.Name, declared.Name)) throw Refusal.NotAuthorised("Access refused.");
        if (System.Text.Encoding.UTF8.GetByteCount(declared.Name) > byte.MaxValue) throw Refusal.BadRequest("queue name is longer than 255 octets");
    }

    // RabbitMQ's only actions were those on mirrors, which 4.0 has no more.
    private static async Task<IResult> ActAsync(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker, "vhost_not_found");
        if (vhost.FindQueue(http.Request.Segment(3)) is null) throw new Refusal(StatusCodes.Status404NotFound, "not_found", "queue_not_found");
        JsonElement body = await RequestBody.ReadAsync(http, "action");
        throw Refusal.BadRequest(new object[] { "unknown", body.GetProperty("action") });
    }

    private static IResult Purge(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker);
        Queue queue = Require(http, vhost);
        if (!BasicAccess.UserOf(http).May(Right.Read, vhost.Name, queue.Name)) throw Refusal.NotAuthorised("Access refused.");
        VirtualHost.RefuseStranger(queue, null);
        queue.Purge();
        return Results.NoContent();
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker);
        Queue queue = Require(http, vhost);
        bool ifUnused = http.Request.Query["if-unused"] == "true", ifEmpty = http.Request.Query["if-empty"] == "true";
        if (!BasicAccess.UserOf(http).May(Right.Configure, vhost.Name, queue.Name)) throw Refusal.NotAuthorised("Access refused.");
        VirtualHost.RefuseStranger(queue, null);
        QueueDeletion? deletion = vhost.TryDeleteQueue(queue, counts =>
            queue.Settings.IsStream || ((!ifUnused || counts.Consumers == 0) && (!ifEmpty || counts.Ready == 0)));
        if (deletion is null)
        {
            if (queue.IsDeleted) throw Refusal.NotFound();
            throw new AmqpException(
                ReplyCode.PreconditionFailed, $"{queue.Settings.Described} {(ifUnused && queue.Counts.Consumers > 0 ? "in use" : "not empty")}");
        }

        await deletion.Durable;
        deletion.End.TellConsumers();
        return Results.NoContent();
    }
}
