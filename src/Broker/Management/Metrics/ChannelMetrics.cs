using Quintet.Broker.Connections;
using Quintet.Broker.Statistics;

namespace Quintet.Broker.Management.Metrics;

/// <summary>Open channels and connections, summed.</summary>
internal static class ChannelMetrics
{
    private static readonly (string Name, Happening Happening, string Help)[] Totals =
    [
        ("channel_messages_published_total", Happening.Publish, "Total number of messages published into an exchange on a channel"),
        ("channel_messages_confirmed_total", Happening.Confirm, "Total number of messages published into an exchange and confirmed on the channel"),
        ("channel_messages_unroutable_returned_total", Happening.ReturnUnroutable,
            "Total number of messages published as mandatory into an exchange and returned to the publisher as unroutable"),
        ("channel_messages_unroutable_dropped_total", Happening.DropUnroutable,
            "Total number of messages published as non-mandatory into an exchange and dropped as unroutable"),
        ("channel_get_ack_total", Happening.Get, "Total number of messages fetched with basic.get in manual acknowledgement mode"),
        ("channel_get_total", Happening.GetNoAck, "Total number of messages fetched with basic.get in automatic acknowledgement mode"),
        ("channel_get_empty_total", Happening.GetEmpty, "Total number of times basic.get operations fetched no message"),
        ("channel_messages_delivered_ack_total", Happening.Deliver,
            "Total number of messages delivered to consumers in manual acknowledgement mode"),
        ("channel_messages_delivered_total", Happening.DeliverNoAck,
            "Total number of messages delivered to consumers in automatic acknowledgement mode"),
        ("channel_messages_redelivered_total", Happening.Redeliver, "Total number of messages redelivered to consumers"),
        ("channel_messages_acked_total", Happening.Ack, "Total number of messages acknowledged by consumers"),
    ];

    public static void Write(PrometheusText text, BrokerContext broker)
    {
        Connection[] connections = [.. broker.Connections.All];
        Channel[] channels = [.. connections.SelectMany(connection => connection.Channels)];
        WriteTotals(text, broker, channels);
        text.Gauge("channel_consumers", "Consumers on a channel", channels.Sum(channel => channel.Consumers.Count));
        text.Gauge("channel_messages_unacked", "Delivered but not yet acknowledged messages", channels.Sum(channel => channel.UnackedCount));
        text.Gauge("channel_messages_unconfirmed", "Published but not yet confirmed messages",
            channels.Sum(channel => (double)(channel.Confirms?.Outstanding ?? 0)));
        text.Gauge("channel_prefetch", "Total limit of unacknowledged messages for all consumers on a channel",
            channels.Sum(channel => channel.GlobalPrefetch));
        text.Gauge("connection_channels", "Channels on a connection", channels.Length);
        text.Counter("connection_incoming_bytes_total", "Total number of bytes received on open connections",
            connections.Sum(connection => connection.BytesReceived));
        text.Counter("connection_outgoing_bytes_total", "Total number of bytes sent on open connections",
            connections.Sum(connection => connection.Outgoing.BytesSent));
    }

    // Those of channels that are closed are in them, so that they never go back.
    private static void WriteTotals(PrometheusText text, BrokerContext broker, Channel[] channels)
    {
        MessageStats total = new();
        broker.Node.EndedChannels.AddTo(total);
        foreach (Channel channel in channels)
            if (!channel.IsReleased) total.Add(channel.Stats);
        foreach ((string name, Happening happening, string help) in Totals) text.Counter(name, help, total[happening]);
    }
}
