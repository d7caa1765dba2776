using System.Text.Json.Nodes;
using Quintet.Broker.Access;
using Quintet.Broker.Handshakes;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Migration;

/// <summary>
/// Everything that is defined, as a file that RabbitMQ imports. As there, exclusive queues and what the server itself predeclares stay out,
/// and so do bindings to what stays out.
/// </summary>
internal sealed class DefinitionsExport(BrokerNode node, Users users, string product)
{
    public JsonObject OfNode()
    {
        VirtualHost[] vhosts = [.. node.Vhosts.OrderBy(vhost => vhost.Name, StringComparer.Ordinal)];
        BrokerUser[] all = [.. users.All];
        JsonObject document = Head();
        document["rabbitmq_definition_format"] = "cluster";
        document["users"] = List(all.Select(DefinitionShapes.Of));
        document["vhosts"] = List(vhosts.Select(vhost => DefinitionShapes.Of(vhost.Settings)));
        document["permissions"] = List(all.SelectMany(user => user.Settings.Permissions.Select(of => DefinitionShapes.Of(user.Name, of))));
        document["topic_permissions"] = List(all.SelectMany(user => user.Settings.TopicPermissions.Select(of => DefinitionShapes.Of(user.Name, of))));
        document["global_parameters"] = List(node.GlobalParameters.All.Select(parameter =>
            new JsonObject { ["name"] = parameter.Key, ["value"] = parameter.Value?.DeepClone() }));
        AddContents(document, vhosts);
        return document;
    }

    /// <summary>One virtual host's part, without its name in it, so that it can be imported into another.</summary>
    public JsonObject Of(VirtualHost vhost)
    {
        JsonObject document = Head();
        document["rabbitmq_definition_format"] = "single_virtual_host";
        document["original_vhost_name"] = vhost.Name;
        document["description"] = vhost.Settings.Description;
        document["default_queue_type"] = vhost.Settings.DefaultQueueType;
        AddContents(document, [vhost]);
        foreach ((_, JsonNode? list) in document)
            foreach (JsonObject item in (list as JsonArray ?? []).OfType<JsonObject>()) item.Remove("vhost");
        return document;
    }

    private JsonObject Head() => new()
    {
        ["rabbit_version"] = ServerProperties.EmulatedVersion,
        ["rabbitmq_version"] = ServerProperties.EmulatedVersion,
        ["product_name"] = product,
        ["product_version"] = ServerProperties.EmulatedVersion,
    };

    private static void AddContents(JsonObject document, VirtualHost[] vhosts)
    {
        document["parameters"] = List(vhosts.Select(vhost => DefinitionShapes.LimitParameterOf(vhost.Settings)).OfType<JsonObject>()
            .Concat(vhosts.SelectMany(vhost => vhost.Policies.OfOperator).Select(DefinitionShapes.ParameterOf)));
        document["policies"] = List(vhosts.SelectMany(vhost => vhost.Policies.Policies).Select(DefinitionShapes.Of));
        document["queues"] = List(vhosts.SelectMany(vhost => vhost.Queues).Where(IsExported).Select(queue => DefinitionShapes.Of(queue.Settings)));
        document["exchanges"] = List(vhosts.SelectMany(vhost => vhost.Exchanges).Where(IsExported).Select(exchange =>
            DefinitionShapes.Of(exchange.Settings)));
        document["bindings"] = List(vhosts.SelectMany(vhost => vhost.ListBindings()).Where(IsExported).Select(DefinitionShapes.Of));
    }

    private static bool IsExported(Queue queue) => !queue.Settings.IsExclusive;

    private static bool IsExported(Exchange exchange) => exchange.Name.Length > 0 && !exchange.Name.StartsWith("amq.", StringComparison.Ordinal);

    private static bool IsExported(Binding binding) => binding.Destination.Queue is not { } queue || IsExported(queue);

    private static JsonArray List(IEnumerable<JsonObject> items) => new([.. items]);
}
