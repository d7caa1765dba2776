using Quintet.Broker.Connections;
using Quintet.Broker.Queues;
using Quintet.Broker.Statistics;

namespace Quintet.Broker.Management.Metrics;

/// <summary>Queues, summed or each by itself. The families are those of RabbitMQ's detailed endpoint.</summary>
internal static class QueueMetrics
{
    private static readonly (string Family, string Name, string Type, string Help, Func<Queue, QueueCounts, double> Of)[] All =
    [
        ("queue_coarse_metrics", "queue_messages_ready", "gauge", "Messages ready to be delivered to consumers", (_, counts) => counts.Ready),
        ("queue_coarse_metrics", "queue_messages_unacked", "gauge", "Messages delivered to consumers but not yet acknowledged", (_, counts) => counts.Unacked),
        ("queue_coarse_metrics", "queue_messages", "gauge", "Sum of ready and unacknowledged messages - total queue depth",
            (_, counts) => (double)counts.Ready + counts.Unacked),
        ("queue_consumer_count", "queue_consumers", "gauge", "Consumers on a queue", (_, counts) => counts.Consumers),
        ("queue_metrics", "queue_consumers", "gauge", "Consumers on a queue", (_, counts) => counts.Consumers),
        ("queue_metrics", "queue_messages_ready_bytes", "gauge", "Size in bytes of ready messages", (_, counts) => counts.ReadyBytes),
        ("queue_metrics", "queue_messages_dlx", "gauge", "Dead messages that nobody has taken yet", (queue, _) => queue.Dying),
        ("queue_delivery_metrics", "queue_messages_published_total", "counter", "Total number of messages published into a queue",
            (queue, _) => queue.Stats[Happening.Publish]),
        ("queue_delivery_metrics", "queue_messages_delivered_ack_total", "counter",
            "Total number of messages delivered from a queue in manual acknowledgement mode", (queue, _) => queue.Stats[Happening.Deliver]),
        ("queue_delivery_metrics", "queue_messages_delivered_total", "counter",
            "Total number of messages delivered from a queue in automatic acknowledgement mode", (queue, _) => queue.Stats[Happening.DeliverNoAck]),
        ("queue_delivery_metrics", "queue_get_ack_total", "counter",
            "Total number of messages fetched from a queue with basic.get in manual acknowledgement mode", (queue, _) => queue.Stats[Happening.Get]),
        ("queue_delivery_metrics", "queue_get_total", "counter",
            "Total number of messages fetched from a queue with basic.get in automatic acknowledgement mode", (queue, _) => queue.Stats[Happening.GetNoAck]),
        ("queue_delivery_metrics", "queue_get_empty_total", "counter", "Total number of times basic.get operations fetched no message on a queue",
            (queue, _) => queue.Stats[Happening.GetEmpty]),
        ("queue_delivery_metrics", "queue_messages_redelivered_total", "counter", "Total number of messages redelivered from a queue to consumers",
            (queue, _) => queue.Stats[Happening.Redeliver]),
        ("queue_delivery_metrics", "queue_messages_acked_total", "counter", "Total number of messages acknowledged by consumers on a queue",
            (queue, _) => queue.Stats[Happening.Ack]),
    ];

    public static readonly string[] Families = [.. All.Select(metric => metric.Family).Distinct()];

    /// <summary>The sums of gauges; those of counters are among the global ones, which do not go back when a queue is deleted.</summary>
    public static void WriteSums(PrometheusText text, BrokerContext broker)
    {
        (Queue Queue, QueueCounts Counts)[] queues = Snapshot(broker, _ => true);
        foreach (var metric in All.Where(metric => metric.Type == "gauge").DistinctBy(metric => metric.Name))
            text.Gauge(metric.Name, metric.Help, queues.Sum(pair => metric.Of(pair.Queue, pair.Counts)));
    }

    /// <summary>A sample a queue, for the families asked for in the virtual hosts asked for.</summary>
    public static void WriteEach(PrometheusText text, BrokerContext broker, Func<string, bool> isMeant, IReadOnlyCollection<string> families)
    {
        (Queue Queue, QueueCounts Counts)[] queues = Snapshot(broker, isMeant);
        // One of them is in two families, as with RabbitMQ.
        foreach (var metric in All.Where(metric => families.Contains(metric.Family)).DistinctBy(metric => metric.Name))
        {
            text.Begin(metric.Name, metric.Type, metric.Help);
            foreach ((Queue queue, QueueCounts counts) in queues)
                text.Sample(metric.Of(queue, counts), ("vhost", queue.Settings.Vhost), ("queue", queue.Name));
        }
    }

    private static (Queue Queue, QueueCounts Counts)[] Snapshot(BrokerContext broker, Func<string, bool> isMeant) =>
        [.. broker.Node.Vhosts.Where(vhost => isMeant(vhost.Name)).SelectMany(vhost => vhost.Queues).Select(queue => (queue, queue.Counts))];
}
