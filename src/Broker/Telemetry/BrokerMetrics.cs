using System.Diagnostics.Metrics;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Telemetry;

/// <summary>The meter <c>Quintet.Broker</c>. Counters are added to without a lock; gauges are read when somebody collects.</summary>
internal sealed class BrokerMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _published;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _unroutable;
    private readonly Counter<long> _refused;

    public BrokerMetrics(IMeterFactory meters, BrokerNode node, Func<int> connections)
    {
        _meter = meters.Create("Quintet.Broker");
        _published = _meter.CreateCounter<long>("messaging.broker.published", "{message}", "Messages taken from publishers");
        _delivered = _meter.CreateCounter<long>("messaging.broker.delivered", "{message}", "Messages handed to consumers and to basic.get");
        _unroutable = _meter.CreateCounter<long>("messaging.broker.unroutable", "{message}", "Messages that went to no queue");
        _refused = _meter.CreateCounter<long>("messaging.broker.refused", "{message}", "Messages that a full queue refused");
        _meter.CreateObservableGauge("messaging.broker.connections", connections, "{connection}", "Open connections");
        _meter.CreateObservableGauge("messaging.broker.queues", () => node.Vhosts.Sum(vhost => vhost.Queues.Count), "{queue}", "Queues");
        _meter.CreateObservableGauge("messaging.broker.messages.ready", () => Sum(node, counts => counts.Ready), "{message}", "Messages that wait in queues");
        _meter.CreateObservableGauge("messaging.broker.messages.unacknowledged", () => Sum(node, counts => counts.Unacked), "{message}",
            "Messages with consumers");
    }

    public void Published() => _published.Add(1);

    public void Delivered() => _delivered.Add(1);

    public void Unroutable() => _unroutable.Add(1);

    public void Refused() => _refused.Add(1);

    public void Dispose() => _meter.Dispose();

    private static long Sum(BrokerNode node, Func<QueueCounts, int> of) =>
        node.Vhosts.SelectMany(vhost => vhost.Queues).Sum(queue => (long)of(queue.Counts));
}
