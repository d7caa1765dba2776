using Microsoft.Extensions.Logging;
using Quintet.Broker.Access;
using Quintet.Broker.Alarms;
using Quintet.Broker.Handshakes;
using Quintet.Broker.Telemetry;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Connections;

/// <summary>What every connection shares.</summary>
internal sealed record BrokerContext(
    BrokerNode Node, Users Users, BrokerOptions Options, ConnectionList Connections, BrokerMetrics Metrics, MemoryAlarm Memory, ILogger Logger)
{
    public LimitOptions Limits => Options.Limits;

    public DirectReplies Replies { get; } = new();

    public HandshakeTerms HandshakeTerms { get; } = new(Node, Users, Options, Logger);
}
