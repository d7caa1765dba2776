using Quintet.Broker.Amqp;

namespace Quintet.Broker.Handshakes;

/// <summary>What connection.start says of the server. The version is RabbitMQ's whose behaviour is kept: clients switch on it.</summary>
internal static class ServerProperties
{
    public const string EmulatedVersion = "4.0.5";

    private static readonly string[] Capabilities =
    [
        "publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify", "connection.blocked", "consumer_priorities",
        "authentication_failure_close", "per_consumer_qos", "direct_reply_to",
    ];

    public static FieldTable Of(string product, string clusterName) => new()
    {
        { "capabilities", FieldValue.Of(new FieldTable(Capabilities.Select(name => KeyValuePair.Create(name, FieldValue.Of(true))))) },
        { "cluster_name", FieldValue.Of(clusterName) },
        { "copyright", FieldValue.Of("Copyright (c) the Quintet authors") },
        { "information", FieldValue.Of("Speaks AMQP 0-9-1 with RabbitMQ's extensions") },
        { "platform", FieldValue.Of($".NET {Environment.Version}") },
        { "product", FieldValue.Of(product) },
        { "version", FieldValue.Of(EmulatedVersion) },
    };
}
