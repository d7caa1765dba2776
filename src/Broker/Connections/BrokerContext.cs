using Microsoft.Extensions.Logging;
using Quintet.Broker.Access;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Connections;

/// <summary>What every connection shares.</summary>
internal sealed record BrokerContext(BrokerNode Node, Users Users, BrokerOptions Options, ConnectionList Connections, ILogger Logger)
{
    public LimitOptions Limits => Options.Limits;
}
