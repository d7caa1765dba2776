using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Access;
using Quintet.Broker.Connections;
using Quintet.Broker.Handshakes;
using Quintet.Broker.Management.Health;
using Quintet.Broker.Management.Listing;
using Quintet.Broker.Management.Rates;
using Quintet.Broker.Queues;
using Quintet.Broker.Storage;
using Quintet.Broker.Tls;

namespace Quintet.Broker.Management;

/// <summary>The broker as a whole: overview, its one node, feature flags, and what management tools ask for first.</summary>
internal static class OverviewRoutes
{
    private static readonly string[] ExchangeTypes =
    [
        "direct", "fanout", "headers", "topic", "x-consistent-hash", "x-delayed-message", "x-local-random", "x-modulus-hash", "x-random",
    ];

    private static readonly DateTimeOffset ProcessStart = StartOfProcess();

    public static void MapOverview(this RouteGroupBuilder api)
    {
        api.MapGet("/overview", Overview);
        api.MapGet("/whoami", (HttpContext http) => WhoAmI(BasicAccess.UserOf(http)));
        api.MapGet("/nodes", (HttpContext http, BrokerContext broker) =>
        {
            RequireWatcher(http);
            return Results.Json(new JsonArray(NodeOf(broker)));
        });
        api.MapGet("/nodes/{name}", (HttpContext http, BrokerContext broker) =>
        {
            RequireWatcher(http);
            return http.Request.Segment(2) == Shapes.Node ? Results.Json(NodeOf(broker)) : throw Refusal.NotFound();
        });
        api.MapGet("/cluster-name", () => new JsonObject { ["name"] = Shapes.Node });
        api.MapGet("/feature-flags", (HttpContext http) =>
            BasicAccess.UserOf(http).IsAdministrator ? FeatureFlags() : throw Refusal.NotAuthorised("Not administrator user"));
        api.MapGet("/extensions", () => new JsonArray());
        api.MapGet("/auth", () => new JsonObject { ["oauth_enabled"] = false });
    }

    private static JsonObject WhoAmI(BrokerUser user) =>
        new() { ["name"] = user.Name, ["tags"] = new JsonArray([.. user.Tags.Select(tag => (JsonNode)tag)]) };

    private static IResult Overview(HttpContext http, BrokerContext broker, StatisticsLoop rates)
    {
        Queue[] queues = [.. TopologyRoutes.Visible(http, broker).SelectMany(vhost => vhost.Queues)];
        Channel[] channels = [.. broker.Connections.All.SelectMany(connection => connection.Channels)];
        JsonObject queueTotals = [];
        RateShapes.AddDepth(queueTotals, queues, rates);
        return http.One(new JsonObject
        {
            ["management_version"] = ServerProperties.EmulatedVersion,
            ["rates_mode"] = "basic",
            ["sample_retention_policies"] = new JsonObject { ["global"] = new JsonArray(), ["basic"] = new JsonArray(), ["detailed"] = new JsonArray() },
            ["exchange_types"] = Types(),
            ["product_version"] = ServerProperties.EmulatedVersion,
            ["product_name"] = broker.Options.Product,
            ["rabbitmq_version"] = ServerProperties.EmulatedVersion,
            ["cluster_name"] = Shapes.Node,
            ["erlang_version"] = "27",
            ["erlang_full_version"] = $".NET {Environment.Version}",
            ["disable_stats"] = false,
            ["enable_queue_totals"] = false,
            ["message_stats"] = RateShapes.Of(channels, broker.Node.EndedChannels, rates),
            ["churn_rates"] = RateShapes.OfChurn(broker.Node.Churn),
            ["queue_totals"] = queueTotals,
            ["object_totals"] = new JsonObject
            {
                ["channels"] = channels.Length,
                ["connections"] = broker.Connections.All.Count,
                ["consumers"] = queues.Sum(queue => queue.Counts.Consumers),
                ["exchanges"] = TopologyRoutes.Visible(http, broker).Sum(vhost => vhost.Exchanges.Count),
                ["queues"] = queues.Length,
            },
            ["statistics_db_event_queue"] = 0,
            ["node"] = Shapes.Node,
            ["listeners"] = new JsonArray([.. Listeners.Of(http, broker).Select(listener => (JsonNode)new JsonObject
            {
                ["node"] = Shapes.Node,
                ["protocol"] = listener.Protocol,
                ["ip_address"] = listener.Address,
                ["port"] = listener.Port,
                ["socket_opts"] = new JsonObject(),
            })]),
            ["contexts"] = new JsonArray(),
        });
    }

    private static JsonObject NodeOf(BrokerContext broker) => new()
    {
        ["name"] = Shapes.Node,
        ["type"] = "disc",
        ["running"] = true,
        ["partitions"] = new JsonArray(),
        ["being_drained"] = false,
        ["os_pid"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        ["uptime"] = (long)(broker.Node.Time.GetUtcNow() - ProcessStart).TotalMilliseconds,
        ["processors"] = Environment.ProcessorCount,
        ["rates_mode"] = "basic",
        ["mem_used"] = Environment.WorkingSet,
        ["mem_limit"] = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        ["mem_alarm"] = broker.Connections.BlockedReason?.Contains("memory", StringComparison.Ordinal) ?? false,
        ["disk_free"] = DiskSpace.FreeBytes(broker.Options.DataFolder),
        ["disk_free_limit"] = broker.Options.Storage.FreeBytesMin,
        ["disk_free_alarm"] = broker.Node.Store.State == StorageState.SpaceLow,
        ["sockets_total"] = broker.Limits.Connections,
        ["sockets_used"] = broker.Connections.Sockets,
        ["exchange_types"] = Types(),
        ["auth_mechanisms"] = new JsonArray([.. Mechanisms(broker).Select(name =>
            (JsonNode)new JsonObject { ["name"] = name, ["description"] = "", ["enabled"] = true })]),
        ["applications"] = new JsonArray(),
        ["enabled_plugins"] = new JsonArray("rabbitmq_management", "rabbitmq_prometheus"),
        ["db_dir"] = Path.GetFullPath(broker.Options.DataFolder),
        ["log_files"] = new JsonArray(),
        ["config_files"] = new JsonArray(),
    };

    private static string[] Mechanisms(BrokerContext broker) =>
        broker.Options.Tls.ClientCertificates == ClientCertificates.None ? ["PLAIN", "AMQPLAIN"] : ["PLAIN", "AMQPLAIN", "EXTERNAL"];

    private static JsonArray Types() => new([.. ExchangeTypes.Select(type =>
        (JsonNode)new JsonObject { ["name"] = type, ["description"] = $"AMQP {type} exchange", ["enabled"] = true })]);

    // What of RabbitMQ 4.0 is here, by the names its clients ask for. stream_queue is said to be enabled, as it is in every RabbitMQ 4: NServiceBus
    // starts with nothing less, and asks for it to know that quorum queues are as they are today. A stream itself is refused.
    private static JsonArray FeatureFlags() => new([.. ((string[])
        [
            "classic_mirrored_queue_version", "classic_queue_type_delivery_support", "direct_exchange_routing_v2", "drop_unroutable_metric",
            "empty_basic_get_metric", "feature_flags_v2", "implicit_default_bindings", "listener_records_in_ets", "maintenance_mode_status",
            "message_containers", "message_containers_deaths_v2", "quorum_queue", "quorum_queue_non_voters", "stream_queue", "user_limits",
            "virtual_host_metadata",
        ]).Select(name => (JsonNode)new JsonObject
        {
            ["name"] = name, ["desc"] = "", ["doc_url"] = "", ["state"] = "enabled", ["stability"] = "required", ["provided_by"] = "rabbit",
        })]);

    private static DateTimeOffset StartOfProcess()
    {
        using Process process = Process.GetCurrentProcess();
        return process.StartTime;
    }

    private static void RequireWatcher(HttpContext http)
    {
        if (!BasicAccess.UserOf(http).MayWatch) throw Refusal.NotAuthorised("Not monitor user");
    }
}
