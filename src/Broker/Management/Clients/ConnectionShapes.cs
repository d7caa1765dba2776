using System.Net;
using System.Text.Json.Nodes;
using Quintet.Broker.Connections;
using Quintet.Broker.Handshakes;
using Quintet.Broker.Management.Rates;

namespace Quintet.Broker.Management.Clients;

/// <summary>Connections and channels as RabbitMQ's management API shows them.</summary>
internal static class ConnectionShapes
{
    public static JsonObject Of(Connection connection, StatisticsLoop rates)
    {
        ConnectionFacts facts = connection.Facts;
        JsonObject shown = new()
        {
            ["auth_mechanism"] = facts.Mechanism,
            ["channel_max"] = facts.ChannelMax,
            ["channels"] = connection.Channels.Count,
            ["client_properties"] = Shapes.Of(facts.ClientProperties),
            ["connected_at"] = connection.OpenedAt.ToUnixTimeMilliseconds(),
            ["frame_max"] = facts.FrameBytesMax,
            ["host"] = AddressOf(connection.Local),
            ["name"] = connection.Name,
            ["node"] = Shapes.Node,
            ["peer_host"] = AddressOf(connection.Remote),
            ["peer_port"] = PortOf(connection.Remote),
            ["port"] = PortOf(connection.Local),
            ["protocol"] = "AMQP 0-9-1",
            ["ssl"] = connection.IsTls,
            ["state"] = connection.Broker.Connections.BlockedReason is not null && connection.IsHeldBack ? "blocked" : "running",
            ["timeout"] = (int)facts.Heartbeat.TotalSeconds,
            ["type"] = "network",
            ["user"] = facts.User,
            ["user_provided_name"] = facts.ClientProperties.Text("connection_name"),
            ["user_who_performed_action"] = facts.User,
            ["vhost"] = facts.Vhost,
        };
        RateShapes.AddOctets(shown, [connection], rates);
        return shown;
    }

    /// <summary>The little that RabbitMQ's tracking of connections by user knows.</summary>
    public static JsonObject Tracked(Connection connection) => new()
    {
        ["name"] = connection.Name,
        ["vhost"] = connection.Facts.Vhost,
        ["user"] = connection.Facts.User,
        ["node"] = Shapes.Node,
    };

    public static JsonObject Of(Channel channel, StatisticsLoop rates) => new()
    {
        ["confirm"] = channel.IsConfirming,
        ["connection_details"] = PeerOf(channel.Connection),
        ["consumer_count"] = channel.Consumers.Count,
        ["global_prefetch_count"] = channel.GlobalPrefetch,
        ["message_stats"] = RateShapes.OfChannel(channel, rates),
        ["messages_unacknowledged"] = channel.UnackedCount,
        ["messages_unconfirmed"] = channel.Confirms?.Outstanding ?? 0,
        ["name"] = NameOf(channel),
        ["node"] = Shapes.Node,
        ["number"] = channel.Number,
        ["prefetch_count"] = channel.Prefetch,
        ["state"] = channel.IsClosing ? "closing" : "running",
        ["transactional"] = channel.Transaction is not null,
        ["user"] = channel.Connection.Facts.User,
        ["user_who_performed_action"] = channel.Connection.Facts.User,
        ["vhost"] = channel.Vhost.Name,
    };

    /// <summary>The channel of a consumer.</summary>
    public static JsonObject DetailsOf(Channel channel) => new()
    {
        ["connection_name"] = channel.Connection.Name,
        ["name"] = NameOf(channel),
        ["node"] = Shapes.Node,
        ["number"] = channel.Number,
        ["peer_host"] = AddressOf(channel.Connection.Remote),
        ["peer_port"] = PortOf(channel.Connection.Remote),
        ["user"] = channel.Connection.Facts.User,
    };

    public static string NameOf(Channel channel) => $"{channel.Connection.Name} ({channel.Number})";

    private static JsonObject PeerOf(Connection connection) => new()
    {
        ["name"] = connection.Name,
        ["peer_host"] = AddressOf(connection.Remote),
        ["peer_port"] = PortOf(connection.Remote),
    };

    private static string? AddressOf(EndPoint? end) => (end as IPEndPoint)?.Address.ToString();

    private static int? PortOf(EndPoint? end) => (end as IPEndPoint)?.Port;
}
