using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;
using Quintet.Broker.Handshakes;
using Quintet.Broker.Queues;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Management;

/// <summary>The node as a whole: overview, nodes, feature flags and health checks.</summary>
internal static class NodeRoutes
{
    public static void MapNode(this RouteGroupBuilder api)
    {
        api.MapGet("/overview", Overview);
        api.MapGet("/whoami", (HttpContext http) => WhoAmI(BasicAccess.UserOf(http)));
        api.MapGet("/nodes", (HttpContext http, BrokerContext broker) => BasicAccess.UserOf(http).MayWatch
            ? Results.Json(new JsonArray(NodeOf(broker)))
            : ManagementRoutes.NotAuthorised("Not monitor user"));
        api.MapGet("/feature-flags", FeatureFlags);
        api.MapGet("/health/checks/alarms", Alarms);
        api.MapGet("/health/checks/local-alarms", Alarms);
        api.MapGet("/health/checks/node-is-quorum-critical", () => Healthy());
        api.MapGet("/healthchecks/node", () => Healthy());
        api.MapGet("/aliveness-test/{vhost}", (HttpRequest request, BrokerContext broker) =>
            broker.Node.FindVhost(request.Segment(2)) is null ? ManagementRoutes.NotFound() : Healthy());
    }

    private static JsonObject Overview(BrokerContext broker)
    {
        Queue[] queues = [.. broker.Node.Vhosts.SelectMany(vhost => vhost.Queues)];
        QueueCounts[] counts = [.. queues.Select(queue => queue.Counts)];
        int ready = counts.Sum(count => count.Ready), unacked = counts.Sum(count => count.Unacked);
        return new JsonObject
        {
            ["management_version"] = ServerProperties.EmulatedVersion,
            ["rabbitmq_version"] = ServerProperties.EmulatedVersion,
            ["product_name"] = broker.Options.Product,
            ["product_version"] = ServerProperties.EmulatedVersion,
            ["erlang_version"] = "27",
            ["rates_mode"] = "none",
            ["cluster_name"] = Shapes.Node,
            ["node"] = Shapes.Node,
            ["object_totals"] = new JsonObject
            {
                ["connections"] = broker.Connections.All.Count,
                ["channels"] = broker.Connections.All.Sum(connection => connection.Channels.Count),
                ["exchanges"] = broker.Node.Vhosts.Sum(vhost => vhost.Exchanges.Count),
                ["queues"] = queues.Length,
                ["consumers"] = counts.Sum(count => count.Consumers),
            },
            ["queue_totals"] = new JsonObject
            {
                ["messages"] = ready + unacked,
                ["messages_ready"] = ready,
                ["messages_unacknowledged"] = unacked,
            },
            ["listeners"] = new JsonArray(
                new JsonObject { ["node"] = Shapes.Node, ["protocol"] = "amqp", ["port"] = broker.Options.Port },
                new JsonObject { ["node"] = Shapes.Node, ["protocol"] = "http", ["port"] = broker.Options.ManagementPort }),
            ["disable_stats"] = true,
            ["enable_queue_totals"] = true,
        };
    }

    private static JsonObject WhoAmI(BrokerUser user) => new() { ["name"] = user.Name, ["tags"] = Tags(user) };

    private static JsonObject NodeOf(BrokerContext broker) => new()
    {
        ["name"] = Shapes.Node,
        ["type"] = "disc",
        ["running"] = true,
        ["disk_free_alarm"] = broker.Node.Store.State == StorageState.SpaceLow,
        ["mem_alarm"] = false,
        ["mem_used"] = Environment.WorkingSet,
        ["os_pid"] = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    // What tools ask for by name; only what is really here is enabled.
    private static JsonArray FeatureFlags() =>
        [Flag("quorum_queue", true), Flag("message_containers", true), Flag("stream_queue", false), Flag("khepri_db", false)];

    private static JsonObject Flag(string name, bool isEnabled) => new()
    {
        ["name"] = name,
        ["state"] = isEnabled ? "enabled" : "disabled",
        ["stability"] = "stable",
        ["provided_by"] = "quintet",
    };

    private static IResult Alarms(BrokerContext broker)
    {
        if (broker.Connections.BlockedReason is not { } reason) return Healthy();
        JsonObject body = new()
        {
            ["status"] = "failed",
            ["reason"] = "There are alarms in effect in the cluster",
            ["alarms"] = new JsonArray(new JsonObject { ["node"] = Shapes.Node, ["resource"] = "disk", ["details"] = reason }),
        };
        return Results.Json(body, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static IResult Healthy() => Results.Json(new { status = "ok" });

    private static JsonArray Tags(BrokerUser user) => new([.. user.Tags.Select(tag => (JsonNode)tag)]);
}
