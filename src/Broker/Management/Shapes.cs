using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Quintet.Broker.Amqp;
using Quintet.Broker.Connections;
using Quintet.Broker.Management.Clients;
using Quintet.Broker.Management.Rates;
using Quintet.Broker.Migration;
using Quintet.Broker.Parameters;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;
using Quintet.Broker.Topology.Delays;

namespace Quintet.Broker.Management;

/// <summary>Things of the broker as RabbitMQ's management API shows them.</summary>
internal static class Shapes
{
    public static string Node => NodeName.Own;

    public static JsonObject Of(Consumer consumer)
    {
        bool isActive = !consumer.Queue.Settings.IsSingleActive || consumer.Queue.Active == consumer;
        return new JsonObject
        {
            ["arguments"] = consumer is ChannelConsumer own ? Of(own.Arguments) : new JsonObject(),
            ["ack_required"] = !consumer.NoAck,
            ["active"] = isActive,
            ["activity_status"] = isActive ? "up" : "waiting",
            ["channel_details"] = consumer is ChannelConsumer mine ? ConnectionShapes.DetailsOf(mine.Channel) : null,
            ["consumer_tag"] = consumer.Tag,
            ["exclusive"] = consumer.IsExclusive,
            ["prefetch_count"] = consumer.Prefetch,
            ["queue"] = new JsonObject { ["name"] = consumer.Queue.Name, ["vhost"] = consumer.Queue.Settings.Vhost },
        };
    }

    public static JsonObject Of(Exchange exchange, StatisticsLoop rates)
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
        if (exchange.Stats.In > 0) shown["message_stats"] = RateShapes.OfExchange(exchange, rates);
        if (exchange is DelayedExchange delayed) shown["messages_delayed"] = delayed.Held.Count;
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
        ["properties_key"] = EscapeKey(queue.Name),
    };

    public static JsonObject Of(FieldTable table) => ArgumentsJson.Show(table);

    /// <summary>RabbitMQ tells bindings apart by key and a hash of the arguments; ours differs from its hash and is as stable.</summary>
    public static string PropertiesKey(Binding binding)
    {
        string key = binding.RoutingKey.Length == 0 ? "~" : EscapeKey(binding.RoutingKey);
        if (binding.Arguments.Count == 0) return key;
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(binding.Key.Arguments));
        return $"{(binding.RoutingKey.Length == 0 ? "" : key)}~{Base64Url.EncodeToString(hash.AsSpan(0, 9))}";
    }

    public static string EscapeKey(string key) => Uri.EscapeDataString(key).Replace("%20", "+").Replace("~", "%7E");
}
