using Quintet.Broker.Connections;
using Quintet.Broker.Queues;
using Quintet.Broker.Statistics;

namespace Quintet.Broker.Management.Metrics;

/// <summary>Messages since the start: by protocol what publishers did, by queue type what queues did. They never go back.</summary>
internal static class GlobalMetrics
{
    private static readonly (string Name, Happening[] Of, string Help)[] OfQueues =
    [
        ("messages_delivered_total", [Happening.Deliver, Happening.DeliverNoAck, Happening.Get, Happening.GetNoAck],
            "Total number of messages delivered to consumers"),
        ("messages_delivered_consume_manual_ack_total", [Happening.Deliver],
            "Total number of messages delivered to consumers using basic.consume with manual acknowledgment"),
        ("messages_delivered_consume_auto_ack_total", [Happening.DeliverNoAck],
            "Total number of messages delivered to consumers using basic.consume with automatic acknowledgment"),
        ("messages_delivered_get_manual_ack_total", [Happening.Get],
            "Total number of messages delivered to consumers using basic.get with manual acknowledgment"),
        ("messages_delivered_get_auto_ack_total", [Happening.GetNoAck],
            "Total number of messages delivered to consumers using basic.get with automatic acknowledgment"),
        ("messages_get_empty_total", [Happening.GetEmpty], "Total number of times basic.get operations fetched no message"),
        ("messages_redelivered_total", [Happening.Redeliver], "Total number of messages redelivered to consumers"),
        ("messages_acknowledged_total", [Happening.Ack], "Total number of messages acknowledged by consumers"),
    ];

    private static readonly (string Name, Happening Of, string Help)[] Deaths =
    [
        ("messages_dead_lettered_expired_total", Happening.DiedExpired, "Total number of messages dead-lettered due to message TTL exceeded"),
        ("messages_dead_lettered_maxlen_total", Happening.DiedMaxLength,
            "Total number of messages dead-lettered due to overflow drop-head or reject-publish-dlx"),
        ("messages_dead_lettered_rejected_total", Happening.DiedRejected, "Total number of messages dead-lettered due to basic.reject or basic.nack"),
        ("messages_dead_lettered_delivery_limit_total", Happening.DiedDeliveryLimit,
            "Total number of messages dead-lettered due to delivery-limit exceeded"),
    ];

    public static void Write(PrometheusText text, BrokerContext broker)
    {
        WritePublishers(text, broker);
        text.Begin("global_publishers", "gauge", "Publishers currently connected");
        text.Sample(broker.Connections.All.Sum(connection => connection.Channels.Count(channel => channel.Stats[Happening.Publish] > 0)),
            ("protocol", "amqp091"));
        text.Begin("global_consumers", "gauge", "Consumers currently connected");
        text.Sample(broker.Connections.All.Sum(connection => connection.Channels.Sum(channel => channel.Consumers.Count)), ("protocol", "amqp091"));
        (string Type, MessageStats Sum)[] types =
        [
            ("rabbit_classic_queue", Sum(broker, QueueKind.Classic)),
            ("rabbit_quorum_queue", Sum(broker, QueueKind.Quorum)),
            ("rabbit_stream_queue", Sum(broker, QueueKind.Stream)),
        ];
        foreach ((string name, Happening[] of, string help) in OfQueues)
        {
            text.Begin("global_" + name, "counter", help);
            foreach ((string type, MessageStats sum) in types)
                text.Sample(of.Sum(happening => sum[happening]), ("protocol", "amqp091"), ("queue_type", type));
        }

        foreach ((string name, Happening of, string help) in Deaths)
        {
            text.Begin("global_" + name, "counter", help);
            foreach ((string type, MessageStats sum) in types) text.Sample(sum[of], ("queue_type", type));
        }
    }

    private static void WritePublishers(PrometheusText text, BrokerContext broker)
    {
        MessageStats total = new();
        broker.Node.EndedChannels.AddTo(total);
        foreach (Connection connection in broker.Connections.All)
            foreach (Channel channel in connection.Channels)
                if (!channel.IsReleased) total.Add(channel.Stats);
        long unroutable = total[Happening.ReturnUnroutable] + total[Happening.DropUnroutable];
        foreach ((string name, long count, string help) in (ReadOnlySpan<(string, long, string)>)
        [
            ("messages_received_total", total[Happening.Publish], "Total number of messages received from publishers"),
            ("messages_confirmed_total", total[Happening.Confirm], "Total number of messages confirmed to publishers"),
            ("messages_routed_total", total[Happening.Publish] - unroutable, "Total number of messages routed to queues or streams"),
            ("messages_unroutable_dropped_total", total[Happening.DropUnroutable],
                "Total number of messages published as non-mandatory into an exchange and dropped as unroutable"),
            ("messages_unroutable_returned_total", total[Happening.ReturnUnroutable],
                "Total number of messages published as mandatory into an exchange and returned to the publisher as unroutable"),
        ])
        {
            text.Begin("global_" + name, "counter", help);
            text.Sample(count, ("protocol", "amqp091"));
        }
    }

    private static MessageStats Sum(BrokerContext broker, QueueKind kind)
    {
        MessageStats sum = new();
        broker.Node.EndedQueues[kind].AddTo(sum);
        foreach (Queue queue in broker.Node.Vhosts.SelectMany(vhost => vhost.Queues))
            if (queue.Settings.Kind == kind) sum.Add(queue.Stats);
        return sum;
    }
}
