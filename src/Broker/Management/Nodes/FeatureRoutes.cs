using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Listing;

namespace Quintet.Broker.Management.Nodes;

/// <summary>What of RabbitMQ 4.0 is here, and what of it RabbitMQ means to take away.</summary>
internal static class FeatureRoutes
{
    // By the names that clients ask for. NServiceBus asks for stream_queue to know that quorum queues are as they are today.
    private static readonly string[] Flags =
    [
        "classic_mirrored_queue_version", "classic_queue_type_delivery_support", "direct_exchange_routing_v2", "drop_unroutable_metric",
        "empty_basic_get_metric", "feature_flags_v2", "implicit_default_bindings", "listener_records_in_ets", "maintenance_mode_status",
        "message_containers", "message_containers_deaths_v2", "quorum_queue", "quorum_queue_non_voters", "stream_queue", "user_limits",
        "virtual_host_metadata",
    ];

    private static readonly Deprecated[] Leaving =
    [
        new("global_qos", "A prefetch that a channel's consumers share (basic.qos with global)", broker =>
            broker.Connections.All.Any(connection => connection.Channels.Any(channel => channel.GlobalPrefetch > 0))),
        new("management_metrics_collection", "Counts and rates in the management API", _ => true),
        new("transient_nonexcl_queues", "Queues that are neither durable nor exclusive", broker =>
            broker.Node.Vhosts.Any(vhost => vhost.Queues.Any(queue => !queue.Settings.IsDurable && !queue.Settings.IsExclusive))),
    ];

    public static void MapFeatures(this RouteGroupBuilder api)
    {
        RouteGroupBuilder administrators = api.MapGroup("").AddEndpointFilter(new AdministratorsOnly());
        administrators.MapGet("/feature-flags", (HttpContext http) => http.List(Flags, name => name, ShowFlag));
        administrators.MapPut("/feature-flags/{name}/enable", (HttpContext http) =>
            Flags.Contains(http.Request.Segment(2)) ? Results.NoContent() : throw Refusal.BadRequest("unsupported"));
        administrators.MapGet("/deprecated-features", (HttpContext http) => http.List(Leaving, feature => feature.Name, Show));
        administrators.MapGet("/deprecated-features/used", (HttpContext http, BrokerContext broker) =>
            http.List(Leaving.Where(feature => feature.IsUsed(broker)), feature => feature.Name, Show));
    }

    private static JsonObject ShowFlag(string name) => new()
    {
        ["name"] = name, ["desc"] = "", ["doc_url"] = "", ["state"] = "enabled", ["stability"] = "required", ["provided_by"] = "rabbit",
    };

    private static JsonObject Show(Deprecated feature) => new()
    {
        ["name"] = feature.Name,
        ["desc"] = feature.Description,
        ["doc_url"] = "",
        ["state"] = "permitted",
        ["deprecation_phase"] = "permitted_by_default",
        ["provided_by"] = "rabbit",
    };

    private sealed record Deprecated(string Name, string Description, Func<BrokerContext, bool> IsUsed);
}
