using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Management.Messages;
using Quintet.Broker.Management.Rates;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management.Routing;

/// <summary>Exchanges: to look at, declare, delete, and publish to.</summary>
internal static class ExchangeRoutes
{
    public static void MapExchanges(this RouteGroupBuilder api)
    {
        api.MapGet("/exchanges", (HttpContext http, BrokerContext broker, StatisticsLoop rates) =>
            List(http, TopologyRoutes.Visible(http, broker), rates));
        api.MapGet("/exchanges/{vhost}", (HttpContext http, BrokerContext broker, StatisticsLoop rates) =>
            List(http, [TopologyRoutes.RequireVhost(http, broker)], rates));
        api.MapGet("/exchanges/{vhost}/{name}", One);
        api.MapPut("/exchanges/{vhost}/{name}", DeclareAsync);
        api.MapDelete("/exchanges/{vhost}/{name}", DeleteAsync);
        api.MapPost("/exchanges/{vhost}/{name}/publish", PublishRoute.PublishAsync);
    }

    private static IResult List(HttpContext http, IEnumerable<VirtualHost> vhosts, StatisticsLoop rates) => http.List(
        vhosts.SelectMany(vhost => vhost.Exchanges.OrderBy(exchange => exchange.Name, StringComparer.Ordinal)), exchange => exchange.Name,
        exchange => Shapes.Of(exchange, rates));

    // RabbitMQ lists here by channel and by queue when it is told to keep detailed rates; there are none in its basic ones.
    private static IResult One(HttpContext http, BrokerContext broker, StatisticsLoop rates)
    {
        JsonObject shown = Shapes.Of(Require(http, TopologyRoutes.RequireVhost(http, broker)), rates);
        shown["incoming"] = new JsonArray();
        shown["outgoing"] = new JsonArray();
        return http.One(shown);
    }

    private static Exchange Require(HttpContext http, VirtualHost vhost) =>
        vhost.FindExchange(TopologyRoutes.ExchangeName(http.Request.Segment(3))) ?? throw Refusal.NotFound();

    private static async Task<IResult> DeclareAsync(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker, "vhost_not_found");
        JsonElement body = await RequestBody.ReadAsync(http);
        string name = TopologyRoutes.ExchangeName(http.Request.Segment(3));
        BrokerUser user = BasicAccess.UserOf(http);
        ExchangeSettings declared = new()
        {
            Vhost = vhost.Name,
            Name = name,
            Type = body.Text("type", "direct"),
            IsDurable = body.Flag("durable"),
            IsAutoDelete = body.Flag("auto_delete"),
            IsInternal = body.Flag("internal"),
            Arguments = JsonFields.Arguments(body),
        };
        bool mayLeadOn = declared.Arguments.Text("alternate-exchange") is not { } alternate
            || (user.May(Right.Read, vhost.Name, name) && user.May(Right.Write, vhost.Name, TopologyRoutes.NameInRights(alternate)));
        if (name.Length == 0 || !mayLeadOn || !user.May(Right.Configure, vhost.Name, name)) throw Refusal.NotAuthorised("Access refused.");
        bool isNew = vhost.FindExchange(name) is null;
        await vhost.DeclareExchange(declared);
        return Results.StatusCode(isNew ? StatusCodes.Status201Created : StatusCodes.Status204NoContent);
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, BrokerContext broker)
    {
        VirtualHost vhost = TopologyRoutes.RequireVhost(http, broker);
        Exchange exchange = Require(http, vhost);
        if (exchange.Name.Length == 0 || !BasicAccess.UserOf(http).May(Right.Configure, vhost.Name, exchange.Name))
            throw Refusal.NotAuthorised("Access refused.");
        await vhost.DeleteExchange(exchange.Name, http.Request.Query["if-unused"] == "true");
        return Results.NoContent();
    }
}
