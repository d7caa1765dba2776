using System.Collections.Concurrent;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology.Routing;

namespace Quintet.Broker.Topology;

/// <summary>Routes to the bindings whose key equals the message's.</summary>
internal sealed class DirectExchange : Exchange
{
    private readonly ConcurrentDictionary<string, DestinationSet> _byKey = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DestinationSet>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public DirectExchange(ExchangeSettings settings)
        : base(settings) => _lookup = _byKey.GetAlternateLookup<ReadOnlySpan<char>>();

    public override bool Route(in RoutedMessage message, RouteResult result)
    {
        if (!_lookup.TryGetValue(message.RoutingKey, out DestinationSet? destinations)) return false;
        Destination[] all = destinations.All;
        foreach (Destination destination in all) result.Add(destination);
        return all.Length > 0;
    }

    protected override void Changed(Binding binding, bool isNew)
    {
        DestinationSet destinations = _byKey.GetOrAdd(binding.RoutingKey, static _ => new DestinationSet());
        if (isNew) destinations.Add(binding.Destination);
        else destinations.Remove(binding.Destination);
        if (destinations.IsEmpty) _byKey.TryRemove(binding.RoutingKey, out _);
    }
}

/// <summary>The nameless exchange: every queue is bound to it under its own name, and nothing else ever is.</summary>
internal sealed class DefaultExchange : Exchange
{
    private readonly ConcurrentDictionary<string, Queue>.AlternateLookup<ReadOnlySpan<char>> _queues;

    public DefaultExchange(string vhost, ConcurrentDictionary<string, Queue> queues)
        : base(new ExchangeSettings { Vhost = vhost, Name = "", Type = "direct", IsDurable = true }) =>
        _queues = queues.GetAlternateLookup<ReadOnlySpan<char>>();

    public override bool Route(in RoutedMessage message, RouteResult result)
    {
        if (!_queues.TryGetValue(message.RoutingKey, out Queue? queue)) return false;
        result.Add(queue);
        return true;
    }

    protected override void Changed(Binding binding, bool isNew) => throw new InvalidOperationException("nothing is bound to the default exchange");
}
