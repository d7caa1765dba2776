using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Broker.Connections;

namespace Quintet.Broker.Management.Metrics;

/// <summary>
/// What RabbitMQ's Prometheus plugin serves, under its paths and names. Like the plugin it asks for no credential; unlike it, it is on the
/// management port, which listens where <c>Broker:Bind</c> says.
/// </summary>
internal static class MetricRoutes
{
    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/metrics", (BrokerContext broker) => Text(Node(broker, perObject: false)));
        routes.MapGet("/metrics/per-object", (BrokerContext broker) => Text(Node(broker, perObject: true)));
        routes.MapGet("/metrics/detailed", Detailed);
    }

    private static PrometheusText Node(BrokerContext broker, bool perObject)
    {
        PrometheusText text = new("rabbitmq_");
        NodeMetrics.Write(text, broker);
        GlobalMetrics.Write(text, broker);
        if (perObject) QueueMetrics.WriteEach(text, broker, _ => true, QueueMetrics.Families);
        else QueueMetrics.WriteSums(text, broker);
        ChannelMetrics.Write(text, broker);
        return text;
    }

    private static IResult Detailed(HttpContext http, BrokerContext broker)
    {
        string[] families = [.. http.Request.Query["family"].OfType<string>()], vhosts = [.. http.Request.Query["vhost"].OfType<string>()];
        PrometheusText text = new("rabbitmq_detailed_");
        QueueMetrics.WriteEach(text, broker, vhost => vhosts.Length == 0 || vhosts.Contains(vhost), families);
        PrometheusText cluster = new("rabbitmq_cluster_");
        if (families.Contains("vhost_status"))
        {
            cluster.Begin("vhost_status", "gauge", "Whether a given vhost is running");
            foreach (Topology.VirtualHost vhost in broker.Node.Vhosts) cluster.Sample(1, ("vhost", vhost.Name));
        }

        return Results.Text(text + cluster.ToString(), PrometheusText.ContentType);
    }

    private static IResult Text(PrometheusText text) => Results.Text(text.ToString(), PrometheusText.ContentType);
}
