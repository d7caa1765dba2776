using System.Text.Json.Nodes;
using Quintet.Manifest;

namespace Quintet.Supervision.Plan;

/// <summary>
/// The stream that keeps every event, as definitions the broker takes in at its start. Its bounds are a policy, not arguments of the queue, so that
/// they can be changed while it is there.
/// </summary>
internal static class EventHistory
{
    /// <summary>Of the stream; no service's rights reach it.</summary>
    public const string Queue = "events.history";

    /// <summary>Below the state folder's settings, without its ending.</summary>
    public const string File = "broker-definitions";

    public static JsonObject Definitions(HistoryManifest history) => new()
    {
        ["vhosts"] = new JsonArray(new JsonObject { ["name"] = "/" }),
        ["exchanges"] = new JsonArray(new JsonObject
        {
            ["vhost"] = "/", ["name"] = "events", ["type"] = "topic", ["durable"] = true, ["auto_delete"] = false, ["internal"] = false,
            ["arguments"] = new JsonObject(),
        }),
        ["queues"] = new JsonArray(new JsonObject
        {
            ["vhost"] = "/", ["name"] = Queue, ["durable"] = true, ["auto_delete"] = false,
            ["arguments"] = new JsonObject { ["x-queue-type"] = "stream" },
        }),
        ["bindings"] = new JsonArray(new JsonObject
        {
            ["vhost"] = "/", ["source"] = "events", ["destination"] = Queue, ["destination_type"] = "queue", ["routing_key"] = "#",
            ["arguments"] = new JsonObject(),
        }),
        ["policies"] = new JsonArray(new JsonObject
        {
            ["vhost"] = "/", ["name"] = Queue, ["pattern"] = @"^events\.history$", ["apply-to"] = "streams", ["priority"] = 0,
            ["definition"] = new JsonObject { ["max-age"] = history.Age, ["max-length-bytes"] = history.Gigabytes * 1_000_000_000L },
        }),
    };
}
