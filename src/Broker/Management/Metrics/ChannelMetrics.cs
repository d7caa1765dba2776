using Quintet.Broker.Connections;

namespace Quintet.Broker.Management.Metrics;

/// <summary>Open channels and connections, summed.</summary>
internal static class ChannelMetrics
{
    public static void Write(PrometheusText text, BrokerContext broker)
    {
        Connection[] connections = [.. broker.Connections.All];
        Channel[] channels = [.. connections.SelectMany(connection => connection.Channels)];
        text.Gauge("channel_consumers", "Consumers on a channel", channels.Sum(channel => channel.Consumers.Count));
        text.Gauge("channel_messages_unacked", "Delivered but not yet acknowledged messages", channels.Sum(channel => channel.UnackedCount));
        text.Gauge("channel_messages_unconfirmed", "Published but not yet confirmed messages",
            channels.Sum(channel => (double)(channel.Confirms?.Outstanding ?? 0)));
        text.Gauge("channel_prefetch", "Total limit of unacknowledged messages for all consumers on a channel",
            channels.Sum(channel => channel.GlobalPrefetch));
        text.Gauge("connection_incoming_bytes_total", "Total number of bytes received on open connections",
            connections.Sum(connection => connection.BytesReceived));
        text.Gauge("connection_outgoing_bytes_total", "Total number of bytes sent on open connections",
            connections.Sum(connection => connection.Outgoing.BytesSent));
    }
}
