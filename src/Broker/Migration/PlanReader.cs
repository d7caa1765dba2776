using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.Broker.Access;
using Quintet.Broker.Amqp;
using Quintet.Broker.Policies;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;
using Quintet.Broker.Topology.Declarations;

namespace Quintet.Broker.Migration;

/// <summary>
/// Reads definitions in RabbitMQ's JSON. Goes on after a fault, so that all are reported at once. What RabbitMQ passes over is passed over:
/// members it does not know, and queues and exchanges whose names begin with <c>amq.</c>
/// </summary>
internal sealed class PlanReader(JsonObject document, string? onlyVhost)
{
    private static readonly string[] Categories =
    [
        "users", "vhosts", "permissions", "topic_permissions", "parameters", "global_parameters", "policies", "exchanges", "queues", "bindings",
    ];

    private readonly ImportPlan _plan = new();

    public ImportPlan Read()
    {
        if (onlyVhost is null)
        {
            Each("users", (item, _) => _plan.Users.Add(UserOf(item, item.Required("name"))));
            Each("vhosts", ReadVhost);
            Each("permissions", (item, _) => _plan.Permissions.Add((item.Required("user"), PermissionOf(item, item.Required("vhost")))));
            Each("global_parameters", (item, _) => _plan.GlobalParameters.Add((item.Required("name"), item["value"]?.DeepClone())));
            Each("topic_permissions", (item, _) => _plan.TopicPermissions.Add((item.Required("user"), TopicPermissionOf(item, item.Required("vhost")))));
        }

        Each("parameters", ReadParameter);
        Each("policies", (item, _) => ReadPolicy(new PolicyKey(VhostOf(item), item.Required("name"), IsOperator: false), item));
        Each("exchanges", ReadExchange);
        Each("queues", ReadQueue);
        Each("bindings", ReadBinding);
        foreach (string category in Categories.Where(category => document[category] is not (null or JsonArray)))
            _plan.Faults.Add($"{category}: not a list");
        return _plan;
    }

    /// <summary>A user as PUT /api/users and exports describe it.</summary>
    /// <exception cref="ChangeRefusedException">A fault in RabbitMQ's words, where it has some.</exception>
    public static UserSettings UserOf(JsonObject item, string name)
    {
        if (item["tags"] is not { } tags) throw new ChangeRefusedException("tags_not_present");
        string? password = item.Text("password"), hash = item.Text("password_hash");
        if (password is not null && hash is not null) throw new ChangeRefusedException("both_password_and_password_hash_are_provided");
        return new UserSettings
        {
            Name = name,
            Password = hash is not null ? PasswordHash.Read(hash, item.Text("hashing_algorithm")) : PasswordHash.Of(password ?? ""),
            Tags = JsonMembers.Words(tags),
            Limits = item["limits"] is JsonObject limits ? new UserLimits(limits.Limit("max-connections"), limits.Limit("max-channels")) : UserLimits.None,
        };
    }

    public static Permission PermissionOf(JsonObject item, string vhost) =>
        new(vhost, item.Pattern("configure"), item.Pattern("write"), item.Pattern("read"));

    public static TopicPermission TopicPermissionOf(JsonObject item, string vhost) =>
        new(vhost, item.Required("exchange"), item.Pattern("write"), item.Pattern("read"));

    /// <summary>What PUT /api/vhosts and exports say of a virtual host; what they do not say stays.</summary>
    public static Func<VirtualHostSettings, VirtualHostSettings> DescriptionOf(JsonObject item)
    {
        JsonObject metadata = item["metadata"] as JsonObject ?? [];
        string? description = item.Text("description") ?? metadata.Text("description");
        IReadOnlyList<string>? tags = (item["tags"] ?? metadata["tags"]) is { } words ? JsonMembers.Words(words) : null;
        string? type = item.Text("default_queue_type") ?? metadata.Text("default_queue_type");
        if (type is "" or "undefined") type = null;
        if (type is not null && !VirtualHostSettings.IsQueueType(type)) throw new ChangeRefusedException($"unsupported default_queue_type '{type}'");
        if (JsonMembers.IsTrue(item["tracing"])) throw new ChangeRefusedException("tracing is not served");
        return current => current with
        {
            Description = description ?? current.Description,
            Tags = tags ?? current.Tags,
            DefaultQueueType = type ?? current.DefaultQueueType,
        };
    }

    private void Each(string category, Action<JsonObject, string> read)
    {
        if (document[category] is not JsonArray list) return;
        foreach ((int index, JsonNode? node) in list.Index())
        {
            string place = $"{category}[{index}]";
            try
            {
                read(node as JsonObject ?? throw new ChangeRefusedException("not an object"), place);
            }
            catch (Exception fault) when (fault is ChangeRefusedException or FormatException)
            {
                _plan.Faults.Add($"{place}: {fault.Message}");
            }
            catch (AmqpException fault)
            {
                _plan.Faults.Add($"{place}: {fault.Text}");
            }
        }
    }

    private string VhostOf(JsonObject item) => onlyVhost ?? item.Required("vhost");

    private void ReadVhost(JsonObject item, string place)
    {
        string name = item.Required("name");
        _plan.VirtualHosts.Add((name, DescriptionOf(item)));
        if (item["limits"] is JsonObject limits) _plan.Limits.Add((name, LimitsOf(limits)));
    }

    private void ReadParameter(JsonObject item, string place)
    {
        string component = item.Required("component");
        if (component == "operator_policy")
        {
            ReadPolicy(new PolicyKey(VhostOf(item), item.Required("name"), IsOperator: true), item["value"] as JsonObject ?? []);
            return;
        }

        if (component != "vhost-limits") throw new ChangeRefusedException($"component {component} not found");
        _plan.Limits.Add((VhostOf(item), LimitsOf(item["value"] as JsonObject ?? throw new ChangeRefusedException("value is an object"))));
    }

    private static Func<VirtualHostSettings, VirtualHostSettings> LimitsOf(JsonObject limits)
    {
        (long? connections, long? queues) = (limits.Limit("max-connections"), limits.Limit("max-queues"));
        return vhost => vhost with { ConnectionsMax = connections, QueuesMax = queues };
    }

    private void ReadPolicy(PolicyKey key, JsonObject item)
    {
        using JsonDocument body = JsonDocument.Parse(item.ToJsonString());
        if (!PolicyRules.TryRead(key, body.RootElement, out Policy? policy, out string? fault))
            throw new ChangeRefusedException($"{fault.Trim().ReplaceLineEndings(" ")} ({key.Vhost}/{key.Name})");
        _plan.Policies.Add(policy);
    }

    private void ReadExchange(JsonObject item, string place)
    {
        string name = item.Required("name");
        if (name.Length == 0 || name.StartsWith("amq.", StringComparison.Ordinal)) return;
        ExchangeSettings exchange = new()
        {
            Vhost = VhostOf(item),
            Name = JsonMembers.ShortText("name", name),
            Type = item.Required("type"),
            IsDurable = item.Flag("durable"),
            IsAutoDelete = item.Flag("auto_delete"),
            IsInternal = item.Flag("internal"),
            Arguments = ArgumentsJson.Read(item["arguments"]),
        };
        ExchangeArguments.Check(exchange);
        _plan.Exchanges.Add(exchange);
    }

    private void ReadQueue(JsonObject item, string place)
    {
        string name = item.Required("name");
        if (name.StartsWith("amq.", StringComparison.Ordinal)) return;
        QueueSettings queue = new()
        {
            Vhost = VhostOf(item),
            Name = JsonMembers.ShortText("name", name),
            IsDurable = item.Flag("durable"),
            IsAutoDelete = item.Flag("auto_delete"),
            Arguments = ArgumentsJson.Read(item["arguments"]),
        };
        QueueArguments.Understand(queue);
        _plan.Queues.Add(queue);
    }

    private void ReadBinding(JsonObject item, string place)
    {
        string type = item.Required("destination_type");
        if (type is not ("queue" or "exchange")) throw new ChangeRefusedException($"unknown destination_type '{type}'");
        string source = item.Required("source"), destination = item.Required("destination");
        if (source.Length == 0) return; // those of the default exchange are there by themselves
        string key = JsonMembers.ShortText("routing_key", item.Text("routing_key") ?? "");
        _plan.Bindings.Add(new DeclaredBinding(VhostOf(item), source, (destination, type == "queue"), (key, ArgumentsJson.Read(item["arguments"]))));
    }
}
