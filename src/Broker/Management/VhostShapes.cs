using System.Text.Json.Nodes;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Rates;
using Quintet.Broker.Migration;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>A virtual host as RabbitMQ's management API shows it.</summary>
internal static class VhostShapes
{
    public static JsonObject Of(VirtualHost vhost, BrokerContext broker, StatisticsLoop rates)
    {
        JsonObject shown = DefinitionShapes.Of(vhost.Settings);
        shown["tracing"] = false;
        shown["cluster_state"] = new JsonObject { [Shapes.Node] = "running" };
        RateShapes.AddDepth(shown, [.. vhost.Queues], rates);
        Connection[] connections = [.. broker.Connections.All.Where(connection => connection.Facts.Vhost == vhost.Name)];
        shown["message_stats"] = RateShapes.Of([.. connections.SelectMany(connection => connection.Channels)], vhost.EndedChannels, rates);
        RateShapes.AddOctets(shown, connections, rates);
        return shown;
    }
}
