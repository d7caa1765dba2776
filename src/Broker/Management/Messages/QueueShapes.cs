using System.Text.Json.Nodes;
using Quintet.Broker.Management.Rates;
using Quintet.Broker.Queues;

namespace Quintet.Broker.Management.Messages;

/// <summary>A queue as RabbitMQ's management API shows it.</summary>
internal static class QueueShapes
{
    public static JsonObject Of(Queue queue, StatisticsLoop rates, HeadTimestamps heads)
    {
        QueueCounts counts = queue.Counts;
        QueueSettings settings = queue.Settings;
        IReadOnlyList<Consumer> consumers = queue.Consumers;
        JsonObject shown = new()
        {
            ["arguments"] = Shapes.Of(settings.Arguments),
            ["auto_delete"] = settings.IsAutoDelete,
            ["consumers"] = counts.Consumers,
            ["durable"] = settings.IsDurable,
            ["effective_policy_definition"] = Shapes.Of(settings.Policy.Definition),
            ["exclusive"] = settings.IsExclusive,
            ["exclusive_consumer_tag"] = consumers.FirstOrDefault(consumer => consumer.IsExclusive)?.Tag,
            ["message_bytes_ready"] = counts.ReadyBytes,
            ["message_stats"] = RateShapes.OfQueue(queue, rates),
            ["name"] = settings.Name,
            ["node"] = Shapes.Node,
            ["operator_policy"] = settings.Policy.OperatorName,
            ["policy"] = settings.Policy.Name,
            ["single_active_consumer_tag"] = queue.Active?.Tag,
            ["state"] = "running",
            ["type"] = settings.Type,
            ["vhost"] = settings.Vhost,
        };
        RateShapes.AddDepth(shown, [queue], rates);
        if (settings.IsExclusive) shown["owner_pid_details"] = OwnerOf(queue);
        if (!settings.IsStream) shown["head_message_timestamp"] = heads.Of(queue);
        if (settings.Kind == QueueKind.Classic) return shown;
        AddMembers(shown);
        if (settings.IsStream) return shown;
        shown["delivery_limit"] = settings.DeliveryLimit is { } limit ? limit : "unlimited";
        shown["messages_dlx"] = queue.Dying;
        return shown;
    }

    /// <summary>A queue without its statistics, for long lists.</summary>
    public static JsonObject Short(Queue queue, bool hasTotals)
    {
        QueueSettings settings = queue.Settings;
        JsonObject shown = new()
        {
            ["arguments"] = Shapes.Of(settings.Arguments),
            ["auto_delete"] = settings.IsAutoDelete,
            ["durable"] = settings.IsDurable,
            ["exclusive"] = settings.IsExclusive,
            ["name"] = settings.Name,
            ["node"] = Shapes.Node,
            ["policy"] = settings.Policy.Name,
            ["state"] = "running",
            ["type"] = settings.Type,
            ["vhost"] = settings.Vhost,
        };
        if (settings.Kind != QueueKind.Classic) AddMembers(shown);
        if (!hasTotals) return shown;
        QueueCounts counts = queue.Counts;
        shown["messages"] = counts.Ready + counts.Unacked;
        shown["messages_ready"] = counts.Ready;
        shown["messages_unacknowledged"] = counts.Unacked;
        return shown;
    }

    private static void AddMembers(JsonObject shown)
    {
        shown["leader"] = Shapes.Node;
        shown["members"] = new JsonArray(Shapes.Node);
        shown["online"] = new JsonArray(Shapes.Node);
    }

    private static JsonObject? OwnerOf(Queue queue) => queue.Owner is Connections.Connection owner ? new JsonObject { ["name"] = owner.Name } : null;
}
