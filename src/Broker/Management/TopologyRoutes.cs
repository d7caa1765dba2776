using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>Exchanges and bindings, to look at.</summary>
internal static class TopologyRoutes
{
    public static void MapTopology(this RouteGroupBuilder api)
    {
        api.MapGet("/exchanges", (HttpContext http, BrokerContext broker) => Exchanges(Visible(http, broker)));
        api.MapGet("/exchanges/{vhost}", (HttpContext http, BrokerContext broker) => InVhost(http, broker, vhost => Results.Json(Exchanges([vhost]))));
        api.MapGet("/exchanges/{vhost}/{name}", (HttpContext http, BrokerContext broker) => InVhost(http, broker, vhost =>
            vhost.FindExchange(ExchangeName(http.Request.Segment(3))) is { } exchange ? Results.Json(Shapes.Of(exchange)) : ManagementRoutes.NotFound()));
        api.MapGet("/bindings", (HttpContext http, BrokerContext broker) => Bindings(Visible(http, broker)));
        api.MapGet("/bindings/{vhost}", (HttpContext http, BrokerContext broker) => InVhost(http, broker, vhost => Results.Json(Bindings([vhost]))));
        api.MapGet("/exchanges/{vhost}/{name}/bindings/source", (HttpContext http, BrokerContext broker) => InVhost(http, broker, vhost =>
            Results.Json(new JsonArray([.. vhost.ListBindings().Where(binding => binding.Source.Name == http.Request.Segment(3)).Select(binding =>
                (JsonNode)Shapes.Of(binding))]))));
    }

    /// <summary>The virtual hosts that the user may see: all for those who watch the node, else those it may enter.</summary>
    public static IEnumerable<VirtualHost> Visible(HttpContext http, BrokerContext broker)
    {
        BrokerUser user = BasicAccess.UserOf(http);
        return broker.Node.Vhosts.Where(vhost => user.MayWatch || user.MayEnter(vhost.Name)).OrderBy(vhost => vhost.Name, StringComparer.Ordinal);
    }

    /// <summary>Answers for the virtual host in the path's third segment.</summary>
    public static IResult InVhost(HttpContext http, BrokerContext broker, Func<VirtualHost, IResult> answer)
    {
        string name = http.Request.Segment(2);
        if (broker.Node.FindVhost(name) is null) return ManagementRoutes.NotFound();
        return Visible(http, broker).FirstOrDefault(vhost => vhost.Name == name) is { } visible
            ? answer(visible)
            : ManagementRoutes.NotAuthorised("User not authorised to access virtual host");
    }

    private static string ExchangeName(string segment) => segment == "amq.default" ? "" : segment;

    private static JsonArray Exchanges(IEnumerable<VirtualHost> vhosts) =>
        new([.. vhosts.SelectMany(vhost => vhost.Exchanges).OrderBy(exchange => exchange.Name, StringComparer.Ordinal).Select(exchange =>
            (JsonNode)Shapes.Of(exchange))]);

    private static JsonArray Bindings(IEnumerable<VirtualHost> vhosts) =>
        new([.. vhosts.SelectMany(vhost => vhost.Queues.Select(queue =>
            (JsonNode)Shapes.DefaultBinding(queue)).Concat(vhost.ListBindings().Select(Shapes.Of)))]);
}
