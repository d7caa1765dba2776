using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Alarms;
using Quintet.Broker.Connections;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Management.Health;

/// <summary>Health checks: 200 with <c>"status": "ok"</c>, or 503 with what is the matter.</summary>
internal static class HealthRoutes
{
    public static void MapHealthChecks(this RouteGroupBuilder api)
    {
        api.MapGet("/health/checks/alarms", Alarms);
        api.MapGet("/health/checks/local-alarms", Alarms);
        api.MapGet("/health/checks/virtual-hosts", InService);
        api.MapGet("/health/checks/port-listener/{port}", Port);
        api.MapGet("/health/checks/protocol-listener/{protocol}", Protocol);
        api.MapGet("/health/checks/node-is-quorum-critical", () => OneNode());
        api.MapGet("/health/checks/node-is-mirror-sync-critical", () => OneNode());
        api.MapGet("/health/checks/certificate-expiration/{within}/{unit}", CertificateCheck.Answer);
        api.MapGet("/health/checks/is-in-service", InService);
        api.MapGet("/health/checks/ready-to-serve-clients", InService);
        api.MapGet("/health/checks/below-node-connection-limit", (BrokerContext broker) => broker.Connections.Sockets < broker.Limits.Connections
            ? Healthy()
            : Failed(new JsonObject { ["status"] = "failed", ["reason"] = "node connection limit is reached", ["connections"] = broker.Connections.Sockets }));
        api.MapGet("/healthchecks/node", InService);
        api.MapGet("/healthchecks/node/{node}", (HttpContext http, BrokerContext broker) =>
            http.Request.Segment(3) == Shapes.Node ? InService(broker) : throw Refusal.NotFound());
        api.MapGet("/aliveness-test/{vhost}", (HttpContext http, BrokerContext broker) => TopologyRoutes.InVhost(http, broker, _ => InService(broker)));
    }

    private static IResult Alarms(BrokerContext broker)
    {
        if (broker.Node.Alarms.Reason is not { } reason) return Healthy();
        return Failed(new JsonObject
        {
            ["status"] = "failed",
            ["reason"] = "There are alarms in effect in the cluster",
            ["alarms"] = new JsonArray([.. Enum.GetValues<Resource>().Where(broker.Node.Alarms.IsShortOf).Select(resource => (JsonNode)new JsonObject
            {
                ["node"] = Shapes.Node, ["resource"] = AlarmBoard.NameOf(resource), ["details"] = reason,
            })]),
        });
    }

    private static IResult Port(HttpContext http, BrokerContext broker)
    {
        if (!int.TryParse(http.Request.Segment(4), NumberStyles.None, CultureInfo.InvariantCulture, out int port)) throw Refusal.BadRequest("Invalid port");
        int[] open = [.. Listeners.Of(http, broker).Select(listener => listener.Port)];
        return open.Contains(port)
            ? Results.Json(new { status = "ok", port })
            : Failed(new JsonObject
            {
                ["status"] = "failed", ["reason"] = "No active listener", ["missing"] = port,
                ["ports"] = new JsonArray([.. open.Select(other => (JsonNode)other)]),
            });
    }

    private static IResult Protocol(HttpContext http, BrokerContext broker)
    {
        string asked = http.Request.Segment(4);
        string protocol = asked is "amqp091" or "amqp0.9.1" ? "amqp" : asked;
        string[] open = [.. Listeners.Of(http, broker).Select(listener => listener.Protocol).Distinct()];
        return open.Contains(protocol)
            ? Results.Json(new { status = "ok", protocol })
            : Failed(new JsonObject
            {
                ["status"] = "failed", ["reason"] = "No active listener", ["missing"] = asked,
                ["protocols"] = new JsonArray([.. open.Select(other => (JsonNode)other)]),
            });
    }

    private static IResult InService(BrokerContext broker) => broker.Node.Store.State is StorageState.Open or StorageState.SpaceLow
        ? Healthy()
        : Failed(new JsonObject { ["status"] = "failed", ["reason"] = broker.Node.Store.StateReason });

    private static IResult OneNode() => Results.Json(new { status = "ok", reason = "single node cluster" });

    public static IResult Healthy() => Results.Json(new { status = "ok" });

    public static IResult Failed(JsonObject body) => Results.Json(body, statusCode: StatusCodes.Status503ServiceUnavailable);
}
