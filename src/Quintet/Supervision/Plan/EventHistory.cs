using System.Text.Json.Nodes;
using Quintet.Manifest;

namespace Quintet.Supervision.Plan;

/// <summary>
/// The stream that keeps every event, as definitions that the embedded broker takes in at its start and a RabbitMQ from <c>quintet engines apply</c>.
/// Its bounds are a policy, not arguments of the queue, so that
/// they can be changed while it is there.
/// </summary>
internal static class EventHistory
{
    /// <summary>Of the stream; no service's rights reach it.</summary>
    public const string Queue = "events.history";

    /// <summary>Below the state folder's settings, without its ending.</summary>
    public const string File = "broker-definitions";

    public static JsonObject Definitions(HistoryManifest history, string vhost = "/") => new()
    {
        ["vhosts"] = new JsonArray(new JsonObject { ["name"] = vhost }),
        ["exchanges"] = new JsonArray(new JsonObject
        {
            ["vhost"] = vhost, ["name"] = BrokerRights.Exchange, ["type"] = "topic", ["durable"] = true, ["auto_delete"] = false, ["internal"] = false,
            ["arguments"] = new JsonObject(),
        }),
        ["queues"] = new JsonArray(new JsonObject
        {
            ["vhost"] = vhost, ["name"] = Queue, ["durable"] = true, ["auto_delete"] = false,
            ["arguments"] = new JsonObject { ["x-queue-type"] = "stream" },
        }),
        ["bindings"] = new JsonArray(new JsonObject
        {
            ["vhost"] = vhost, ["source"] = BrokerRights.Exchange, ["destination"] = Queue, ["destination_type"] = "queue", ["routing_key"] = "#",
            ["arguments"] = new JsonObject(),
        }),
        ["policies"] = new JsonArray(new JsonObject
        {
            ["vhost"] = vhost, ["name"] = Queue, ["pattern"] = @"^events\.history$", ["priority"] = 0,
            ["apply-to"] = "queues", // a RabbitMQ before 3.12 has no name for streams alone
            ["definition"] = new JsonObject { ["max-age"] = history.Age, ["max-length-bytes"] = BytesOf(history) },
        }),
    };

    public static long BytesOf(HistoryManifest history) => history.Gigabytes * 1_000_000_000L;
}
