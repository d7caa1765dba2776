using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;
using Quintet.Broker.Handshakes;
using Quintet.Broker.Management.Health;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Management.Nodes;
using Quintet.Broker.Management.Rates;
using Quintet.Broker.Queues;

namespace Quintet.Broker.Management;

/// <summary>The broker as a whole: the overview, and what management tools ask for first.</summary>
internal static class OverviewRoutes
{
    public static void MapOverview(this RouteGroupBuilder api)
    {
        api.MapGet("/overview", Overview);
        api.MapGet("/whoami", (HttpContext http) => WhoAmI(BasicAccess.UserOf(http)));
        api.MapGet("/extensions", () => new JsonArray());
        api.MapGet("/auth", () => new JsonObject { ["oauth_enabled"] = false });
        // There is one node: its queues are where they belong.
        api.MapPost("/rebalance/queues", () => Results.NoContent()).AddEndpointFilter(new AdministratorsOnly());
    }

    private static JsonObject WhoAmI(BrokerUser user) =>
        new() { ["name"] = user.Name, ["tags"] = new JsonArray([.. user.Tags.Select(tag => (JsonNode)tag)]) };

    private static IResult Overview(HttpContext http, BrokerContext broker, StatisticsLoop rates)
    {
        Queue[] queues = [.. TopologyRoutes.Visible(http, broker).SelectMany(vhost => vhost.Queues)];
        Channel[] channels = [.. broker.Connections.All.SelectMany(connection => connection.Channels)];
        JsonObject queueTotals = [];
        RateShapes.AddDepth(queueTotals, queues, rates);
        JsonObject shown = new()
        {
            ["management_version"] = ServerProperties.EmulatedVersion,
            ["rates_mode"] = "basic",
            ["sample_retention_policies"] = new JsonObject { ["global"] = new JsonArray(), ["basic"] = new JsonArray(), ["detailed"] = new JsonArray() },
            ["exchange_types"] = NodeShapes.Types(),
            ["product_version"] = ServerProperties.EmulatedVersion,
            ["product_name"] = broker.Options.Product,
            ["rabbitmq_version"] = ServerProperties.EmulatedVersion,
            ["cluster_name"] = broker.Node.GlobalParameters.ClusterName,
            ["erlang_version"] = "27",
            ["erlang_full_version"] = $".NET {Environment.Version}",
            ["disable_stats"] = false,
            ["enable_queue_totals"] = false,
            ["message_stats"] = RateShapes.Of(channels, broker.Node.EndedChannels, rates),
            ["churn_rates"] = RateShapes.OfChurn(broker.Node.Churn, rates),
            ["queue_totals"] = queueTotals,
            ["object_totals"] = new JsonObject
            {
                ["channels"] = channels.Length,
                ["connections"] = broker.Connections.All.Count,
                ["exchanges"] = TopologyRoutes.Visible(http, broker).Sum(vhost => vhost.Exchanges.Count),
                ["queues"] = queues.Length,
            },
            ["statistics_db_event_queue"] = 0,
        };
        if (BasicAccess.UserOf(http).MayWatch) AddNode(shown, http, broker, queues);
        return http.One(shown);
    }

    // What those do not see who do not watch the node.
    private static void AddNode(JsonObject shown, HttpContext http, BrokerContext broker, Queue[] queues)
    {
        shown["object_totals"]!["consumers"] = queues.Sum(queue => queue.Counts.Consumers);
        shown["node"] = Shapes.Node;
        shown["listeners"] = new JsonArray([.. Listeners.Of(http, broker).Select(listener => (JsonNode)new JsonObject
        {
            ["node"] = Shapes.Node,
            ["protocol"] = listener.Protocol,
            ["ip_address"] = listener.Address,
            ["port"] = listener.Port,
            ["socket_opts"] = new JsonObject(),
        })]);
        shown["contexts"] = new JsonArray();
    }
}
