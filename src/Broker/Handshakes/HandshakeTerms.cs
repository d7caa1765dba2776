using Microsoft.Extensions.Logging;
using Quintet.Broker.Access;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Handshakes;

/// <summary>What is offered to a client, and against what its answers are checked.</summary>
internal sealed record HandshakeTerms(BrokerNode Node, Users Users, BrokerOptions Options, ILogger Logger);
