using Quintet.Broker.Queues;

namespace Quintet.Broker.Topology;

/// <summary>What exchanges look at when they route.</summary>
/// <param name="routingKey">The key, decoded.</param>
/// <param name="headers">The inside of the message's headers table.</param>
internal readonly ref struct RoutedMessage(ReadOnlySpan<char> routingKey, ReadOnlySpan<byte> headers)
{
    public ReadOnlySpan<char> RoutingKey { get; } = routingKey;

    public ReadOnlySpan<byte> Headers { get; } = headers;
}

/// <summary>The queues a message goes to, each once. One per channel, used again and again.</summary>
internal sealed class RouteResult
{
    // Up to here looking through the list is cheaper than hashing.
    private const int SearchedMax = 16;

    private readonly List<Exchange> _exchanges = [];
    private readonly HashSet<Queue> _seen = [];

    public List<Queue> Queues { get; } = [];

    public void Clear()
    {
        Queues.Clear();
        _exchanges.Clear();
        _seen.Clear();
    }

    /// <summary>Follows the message from an exchange through bindings between exchanges and alternates; each is visited once a key, so cycles end.</summary>
    public void Follow(Exchange first, in RoutedMessage message)
    {
        _exchanges.Clear();
        Add(first);
        for (int next = 0; next < _exchanges.Count; next++)
        {
            Exchange exchange = _exchanges[next];
            if (!exchange.Route(message, this) && exchange.Alternate is { } alternate) Add(alternate);
        }
    }

    public void Add(Destination destination)
    {
        if (destination.Queue is { } queue) Add(queue);
        else Add(destination.Exchange!);
    }

    public void Add(Queue queue)
    {
        if (Queues.Count < SearchedMax)
        {
            if (Queues.Contains(queue)) return;
        }
        else
        {
            if (_seen.Count == 0) _seen.UnionWith(Queues);
            if (!_seen.Add(queue)) return;
        }

        Queues.Add(queue);
    }

    private void Add(Exchange exchange)
    {
        if (!_exchanges.Contains(exchange)) _exchanges.Add(exchange);
    }
}
