using System.Text.Json.Nodes;
using Quintet.Broker.Access;
using Quintet.Broker.Policies;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Migration;

/// <summary>What is defined, with RabbitMQ's member names: in exports, and where the management API shows users and rights.</summary>
internal static class DefinitionShapes
{
    public static JsonObject Of(BrokerUser user) => new()
    {
        ["name"] = user.Name,
        ["password_hash"] = user.Settings.Password?.Text ?? "",
        ["hashing_algorithm"] = user.Settings.Password?.Algorithm ?? PasswordHash.Sha256,
        ["tags"] = Texts(user.Tags),
        ["limits"] = Of(user.Settings.Limits),
    };

    public static JsonObject Of(UserLimits limits) => LimitsOf(("max-connections", limits.Connections), ("max-channels", limits.Channels));

    public static JsonObject Of(string user, Permission permission) => new()
    {
        ["user"] = user,
        ["vhost"] = permission.Vhost,
        ["configure"] = permission.Configure,
        ["write"] = permission.Write,
        ["read"] = permission.Read,
    };

    public static JsonObject Of(string user, TopicPermission permission) => new()
    {
        ["user"] = user,
        ["vhost"] = permission.Vhost,
        ["exchange"] = permission.Exchange,
        ["write"] = permission.Write,
        ["read"] = permission.Read,
    };

    public static JsonObject Of(VirtualHostSettings vhost) => new()
    {
        ["name"] = vhost.Name,
        ["description"] = vhost.Description,
        ["tags"] = Texts(vhost.Tags),
        ["default_queue_type"] = vhost.DefaultQueueType,
        ["metadata"] = new JsonObject
        {
            ["description"] = vhost.Description,
            ["tags"] = Texts(vhost.Tags),
            ["default_queue_type"] = vhost.DefaultQueueType,
        },
    };

    public static JsonObject LimitsOf(VirtualHostSettings vhost) => LimitsOf(("max-connections", vhost.ConnectionsMax), ("max-queues", vhost.QueuesMax));

    /// <summary>Limits travel as a parameter, as RabbitMQ keeps them; null when there are none.</summary>
    public static JsonObject? LimitParameterOf(VirtualHostSettings vhost) => vhost is { ConnectionsMax: null, QueuesMax: null } ? null : new JsonObject
    {
        ["value"] = LimitsOf(vhost),
        ["vhost"] = vhost.Name,
        ["component"] = "vhost-limits",
        ["name"] = "limits",
    };

    public static JsonObject Of(Policy policy)
    {
        JsonObject shown = ValueOf(policy);
        shown["vhost"] = policy.Key.Vhost;
        shown["name"] = policy.Name;
        return shown;
    }

    /// <summary>A policy as a parameter, which is how RabbitMQ keeps it; in definitions those of operators travel so.</summary>
    public static JsonObject ParameterOf(Policy policy) => new()
    {
        ["value"] = ValueOf(policy),
        ["vhost"] = policy.Key.Vhost,
        ["component"] = policy.Key.IsOperator ? "operator_policy" : "policy",
        ["name"] = policy.Name,
    };

    /// <summary>The type goes along: the other side may have another default.</summary>
    public static JsonObject Of(QueueSettings queue)
    {
        JsonObject arguments = ArgumentsJson.Show(queue.Arguments);
        if (queue.Kind != QueueKind.Classic) arguments["x-queue-type"] = queue.Type;
        return new JsonObject
        {
            ["name"] = queue.Name,
            ["vhost"] = queue.Vhost,
            ["durable"] = queue.IsDurable,
            ["auto_delete"] = queue.IsAutoDelete,
            ["arguments"] = arguments,
        };
    }

    public static JsonObject Of(ExchangeSettings exchange) => new()
    {
        ["name"] = exchange.Name,
        ["vhost"] = exchange.Vhost,
        ["type"] = exchange.Type,
        ["durable"] = exchange.IsDurable,
        ["auto_delete"] = exchange.IsAutoDelete,
        ["internal"] = exchange.IsInternal,
        ["arguments"] = ArgumentsJson.Show(exchange.Arguments),
    };

    public static JsonObject Of(Binding binding) => new()
    {
        ["source"] = binding.Source.Name,
        ["vhost"] = binding.Source.Settings.Vhost,
        ["destination"] = binding.Destination.Name,
        ["destination_type"] = binding.Destination.Queue is not null ? "queue" : "exchange",
        ["routing_key"] = binding.RoutingKey,
        ["arguments"] = ArgumentsJson.Show(binding.Arguments),
    };

    public static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);

    private static JsonObject ValueOf(Policy policy) => new()
    {
        ["pattern"] = policy.Pattern,
        ["apply-to"] = policy.AppliesTo,
        ["definition"] = ArgumentsJson.Show(policy.Definition),
        ["priority"] = policy.Priority == Math.Floor(policy.Priority) ? JsonValue.Create((long)policy.Priority) : JsonValue.Create(policy.Priority),
    };

    private static JsonObject LimitsOf(params ReadOnlySpan<(string Name, long? Value)> limits)
    {
        JsonObject shown = [];
        foreach ((string name, long? value) in limits)
            if (value is not null) shown[name] = value;
        return shown;
    }
}
