using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Management.Messages;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management.Routing;

/// <summary>Bindings: to look at, make and take away. Those of the default exchange are shown like any other and cannot be touched.</summary>
internal static class BindingRoutes
{
    public static void MapBindings(this RouteGroupBuilder api)
    {
        api.MapGet("/bindings", (HttpContext http, BrokerContext broker) => List(http, TopologyRoutes.Visible(http, broker).SelectMany(All)));
        api.MapGet("/bindings/{vhost}", (HttpContext http, BrokerContext broker) => List(http, All(TopologyRoutes.RequireVhost(http, broker))));
        api.MapGet("/exchanges/{vhost}/{name}/bindings/source", (HttpContext http, BrokerContext broker) =>
            List(http, OfExchange(http, broker, (binding, name) => binding.Source == name)));
        api.MapGet("/exchanges/{vhost}/{name}/bindings/destination", (HttpContext http, BrokerContext broker) =>
            List(http, OfExchange(http, broker, (binding, name) => !binding.ToQueue && binding.Destination == name)));
        api.MapGet("/queues/{vhost}/{name}/bindings", OfQueue);
        foreach (string kind in (string[])["q", "e"])
        {
            string path = "/bindings/{vhost}/e/{source}/" + kind + "/{destination}";
            api.MapGet(path, (HttpContext http, BrokerContext broker) => List(http, Between(http, TopologyRoutes.RequireVhost(http, broker))));
            api.MapPost(path, BindAsync);
            api.MapGet(path + "/{key}", (HttpContext http, BrokerContext broker) => http.One(Find(http, TopologyRoutes.RequireVhost(http, broker)).Show()));
            api.MapDelete(path + "/{key}", UnbindAsync);
        }
    }

    private static IResult List(HttpContext http, IEnumerable<Shown> bindings) => http.List(bindings, binding => binding.Source, binding => binding.Show());

    private static IEnumerable<Shown> All(VirtualHost vhost) =>
    [
        .. vhost.Queues.OrderBy(queue => queue.Name, StringComparer.Ordinal).Select(queue => new Shown("", true, queue.Name, null, queue)),
        .. vhost.ListBindings()
            .OrderBy(binding => binding.Source.Name, StringComparer.Ordinal).ThenBy(binding => binding.Destination.Name, StringComparer.Ordinal)
            .Select(binding => new Shown(binding.Source.Name, binding.Destination.Queue is not null, binding.Destination.Name, binding, null)),
    ];

    private static IEnumerable<Shown> OfExchange(HttpContext http, BrokerContext broker, Func<Shown, string, bool> isMeant)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker);
        string name = TopologyRoutes.ExchangeName(http.Request.Segment(3));
        if (vhost.FindExchange(name) is null) throw Refusal.NotFound();
        return All(vhost).Where(binding => isMeant(binding, name));
    }

    private static IResult OfQueue(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker);
        string name = http.Request.Segment(3);
        if (vhost.FindQueue(name) is null) throw Refusal.NotFound();
        return List(http, All(vhost).Where(binding => binding.ToQueue && binding.Destination == name));
    }

    private static IEnumerable<Shown> Between(HttpContext http, VirtualHost vhost)
    {
        (string source, bool toQueue, string destination) = Ends(http);
        return All(vhost).Where(binding => binding.Source == source && binding.ToQueue == toQueue && binding.Destination == destination);
    }

    private static (string Source, bool ToQueue, string Destination) Ends(HttpContext http) =>
        (TopologyRoutes.ExchangeName(http.Request.Segment(4)), http.Request.Segment(5) == "q", http.Request.Segment(6));

    private static Shown Find(HttpContext http, VirtualHost vhost)
    {
        // The key is escaped itself; with RabbitMQ it may come escaped once or twice.
        string key = http.Request.Segment(7);
        Shown[] between = [.. Between(http, vhost)];
        return Array.Find(between, binding => binding.Key == key)
            ?? Array.Find(between, binding => Uri.UnescapeDataString(binding.Key.Replace('+', ' ')) == key)
            ?? throw Refusal.NotFound();
    }

    private static async Task<IResult> BindAsync(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker, "vhost_not_found");
        (string source, bool toQueue, string destination) = Ends(http);
        JsonElement body = await RequestBody.ReadAsync(http);
        string key = body.Text("routing_key", "");
        if (System.Text.Encoding.UTF8.GetByteCount(key) > byte.MaxValue) throw Refusal.BadRequest("routing_key is longer than 255 octets");
        RequireRights(http, vhost, key);
        Destination end = toQueue
            ? new Destination(vhost.GetQueue(destination, null), null)
            : new Destination(null, vhost.GetExchange(destination));
        Binding binding = new(vhost.GetExchange(source), end, key, JsonFields.Arguments(body));
        await vhost.Bind(binding);
        http.Response.Headers.Location = $"{Uri.EscapeDataString(destination)}/{Uri.EscapeDataString(Shapes.PropertiesKey(binding))}";
        return Results.StatusCode(StatusCodes.Status201Created);
    }

    private static async Task<IResult> UnbindAsync(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker);
        Shown found = Find(http, vhost);
        if (found.Binding is not { } binding) throw Refusal.NotAuthorised("Access refused.");
        RequireRights(http, vhost, binding.RoutingKey);
        if (binding.Destination.Queue is { } queue) VirtualHost.RefuseStranger(queue, null);
        await vhost.Unbind(binding.Source, binding.Key);
        return Results.NoContent();
    }

    private static void RequireRights(HttpContext http, VirtualHost vhost, string routingKey)
    {
        (string source, bool toQueue, string destination) = Ends(http);
        BrokerUser user = BasicAccess.UserOf(http);
        bool may = source.Length > 0 && (toQueue || destination.Length > 0)
            && user.May(Right.Write, vhost.Name, destination) && user.May(Right.Read, vhost.Name, source)
            && (vhost.FindExchange(source) is not TopicExchange || user.MayUseTopic(Right.Read, vhost.Name, source, routingKey));
        if (!may) throw Refusal.NotAuthorised("Access refused.");
    }

    /// <summary>A binding, or the one that a queue has to the default exchange.</summary>
    private sealed record Shown(string Source, bool ToQueue, string Destination, Binding? Binding, Queue? OfDefault)
    {
        public string Key => Binding is not null ? Shapes.PropertiesKey(Binding) : Shapes.EscapeKey(Destination);

        public JsonObject Show() => Binding is not null ? Shapes.Of(Binding) : Shapes.DefaultBinding(OfDefault!);
    }
}
