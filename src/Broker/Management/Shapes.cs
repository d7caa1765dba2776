using System.Text;
using System.Text.Json.Nodes;
using Quintet.Broker.Amqp;
using Quintet.Broker.Connections;
using Quintet.Broker.Migration;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>Things of the broker as RabbitMQ's management API shows them.</summary>
internal static class Shapes
{
    public const string Node = "quintet@localhost";

    public static JsonObject Of(Queue queue)
    {
        QueueCounts counts = queue.Counts;
        QueueSettings settings = queue.Settings;
        return new JsonObject
        {
            ["name"] = settings.Name,
            ["vhost"] = settings.Vhost,
            ["type"] = settings.IsQuorum ? "quorum" : "classic",
            ["durable"] = settings.IsDurable,
            ["auto_delete"] = settings.IsAutoDelete,
            ["exclusive"] = settings.IsExclusive,
            ["arguments"] = Of(settings.Arguments),
            ["messages"] = counts.Ready + counts.Unacked,
            ["messages_ready"] = counts.Ready,
            ["messages_unacknowledged"] = counts.Unacked,
            ["message_bytes_ready"] = counts.ReadyBytes,
            ["consumers"] = counts.Consumers,
            ["consumer_details"] = new JsonArray([.. queue.Consumers.Select(consumer => (JsonNode)Of(consumer))]),
            ["effective_policy_definition"] = Of(settings.Policy.Definition),
            ["policy"] = settings.Policy.Name,
            ["operator_policy"] = settings.Policy.OperatorName,
            ["state"] = "running",
            ["node"] = Node,
        };
    }

    public static JsonObject Of(Consumer consumer) => new()
    {
        ["consumer_tag"] = consumer.Tag,
        ["ack_required"] = !consumer.NoAck,
        ["exclusive"] = consumer.IsExclusive,
        ["prefetch_count"] = consumer.Prefetch,
        ["active"] = true,
        ["queue"] = new JsonObject { ["name"] = consumer.Queue.Name, ["vhost"] = consumer.Queue.Settings.Vhost },
        ["arguments"] = consumer is ChannelConsumer own ? Of(own.Arguments) : new JsonObject(),
        ["channel_details"] = consumer is ChannelConsumer mine
            ? new JsonObject { ["number"] = mine.Channel.Number, ["connection_name"] = mine.Channel.Connection.Name,
                ["user"] = mine.Channel.Connection.Facts.User }
            : null,
    };

    public static JsonObject Of(Exchange exchange)
    {
        JsonObject shown = new()
        {
            ["name"] = exchange.Name,
            ["vhost"] = exchange.Settings.Vhost,
            ["type"] = exchange.Settings.Type,
            ["durable"] = exchange.Settings.IsDurable,
            ["auto_delete"] = exchange.Settings.IsAutoDelete,
            ["internal"] = exchange.Settings.IsInternal,
            ["arguments"] = Of(exchange.Settings.Arguments),
        };
        if (exchange.Policy.Name is { } policy) shown["policy"] = policy;
        if (exchange.Policy.OperatorName is { } operatorPolicy) shown["operator_policy"] = operatorPolicy;
        return shown;
    }

    public static JsonObject Of(Binding binding) => new()
    {
        ["source"] = binding.Source.Name,
        ["vhost"] = binding.Source.Settings.Vhost,
        ["destination"] = binding.Destination.Name,
        ["destination_type"] = binding.Destination.Queue is not null ? "queue" : "exchange",
        ["routing_key"] = binding.RoutingKey,
        ["arguments"] = Of(binding.Arguments),
        ["properties_key"] = PropertiesKey(binding),
    };

    public static JsonObject DefaultBinding(Queue queue) => new()
    {
        ["source"] = "",
        ["vhost"] = queue.Settings.Vhost,
        ["destination"] = queue.Name,
        ["destination_type"] = "queue",
        ["routing_key"] = queue.Name,
        ["arguments"] = new JsonObject(),
        ["properties_key"] = Uri.EscapeDataString(queue.Name),
    };

    public static JsonObject Of(Connection connection) => new()
    {
        ["name"] = connection.Name,
        ["user"] = connection.Facts.User,
        ["vhost"] = connection.Facts.Vhost,
        ["protocol"] = "AMQP 0-9-1",
        ["auth_mechanism"] = connection.Facts.Mechanism,
        ["state"] = connection.IsHeldBack ? "blocked" : "running",
        ["channels"] = connection.Channels.Count,
        ["channel_max"] = connection.Facts.ChannelMax,
        ["frame_max"] = connection.Facts.FrameBytesMax,
        ["timeout"] = (int)connection.Facts.Heartbeat.TotalSeconds,
        ["connected_at"] = connection.OpenedAt.ToUnixTimeMilliseconds(),
        ["peer_host"] = (connection.Remote as System.Net.IPEndPoint)?.Address.ToString(),
        ["peer_port"] = (connection.Remote as System.Net.IPEndPoint)?.Port,
        ["host"] = (connection.Local as System.Net.IPEndPoint)?.Address.ToString(),
        ["port"] = (connection.Local as System.Net.IPEndPoint)?.Port,
        ["ssl"] = false,
        ["recv_oct"] = connection.BytesReceived,
        ["send_oct"] = connection.Outgoing.BytesSent,
        ["user_provided_name"] = connection.Facts.ClientProperties.Text("connection_name"),
        ["client_properties"] = Of(connection.Facts.ClientProperties),
        ["node"] = Node,
        ["type"] = "network",
    };

    public static JsonObject Of(Channel channel) => new()
    {
        ["name"] = $"{channel.Connection.Name} ({channel.Number})",
        ["number"] = channel.Number,
        ["user"] = channel.Connection.Facts.User,
        ["vhost"] = channel.Vhost.Name,
        ["confirm"] = channel.IsConfirming,
        ["transactional"] = false,
        ["consumer_count"] = channel.Consumers.Count,
        ["messages_unacknowledged"] = channel.UnackedCount,
        ["prefetch_count"] = channel.Prefetch,
        ["global_prefetch_count"] = channel.GlobalPrefetch,
        ["connection_details"] = new JsonObject { ["name"] = channel.Connection.Name },
        ["node"] = Node,
        ["state"] = "running",
    };

    public static JsonObject Of(FieldTable table) => ArgumentsJson.Show(table);

    // RabbitMQ tells bindings apart by key and a hash of the arguments; ours differs from its hash and is as stable.
    private static string PropertiesKey(Binding binding)
    {
        string key = binding.RoutingKey.Length == 0 ? "~" : Uri.EscapeDataString(binding.RoutingKey);
        return binding.Arguments.Count == 0
            ? key
            : $"{key}~{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(binding.Key.Arguments)))[..16]}";
    }
}
