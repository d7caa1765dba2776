using Quintet.Broker.Queues;
using Quintet.Broker.Topology.Deduplication;
using Quintet.Broker.Topology.Delays;

namespace Quintet.Broker.Topology;

/// <summary>What exchanges look at when they route.</summary>
/// <param name="routingKey">The key, decoded.</param>
/// <param name="headers">The inside of the message's headers table.</param>
/// <param name="properties">All properties, flags and list as received.</param>
internal readonly ref struct RoutedMessage(ReadOnlySpan<char> routingKey, ReadOnlySpan<byte> headers, ReadOnlySpan<byte> properties)
{
    public ReadOnlySpan<char> RoutingKey { get; } = routingKey;

    public ReadOnlySpan<byte> Headers { get; } = headers;

    public ReadOnlySpan<byte> Properties { get; } = properties;

    public RoutedMessage With(string routingKey) => new(routingKey, Headers, Properties);
}

/// <summary>The queues a message goes to, each once. One per channel, used again and again.</summary>
internal sealed class RouteResult
{
    // Up to here looking through the list is cheaper than hashing.
    private const int SearchedMax = 16;

    private readonly List<Exchange> _exchanges = [];
    private readonly HashSet<Queue> _seen = [];
    private readonly HashSet<Exchange> _visited = [];
    private readonly List<(DeduplicationCache Cache, DeduplicationKey Key)> _claims = [];

    public List<Queue> Queues { get; } = [];

    /// <summary>The exchanges that hold the message back first, each once, and for how long.</summary>
    public List<(DelayedExchange Exchange, long DelayMs)> Holds { get; } = [];

    /// <summary>An exchange dropped the message: one with its key is in its queues.</summary>
    public bool IsDuplicate { get; private set; }

    /// <summary>An exchange cannot say yet whether it is a duplicate: its publisher must try again.</summary>
    public bool IsContested { get; private set; }

    public bool IsEmpty => Queues.Count == 0 && Holds.Count == 0;

    /// <summary>The same queues, for later.</summary>
    public RouteResult Copy()
    {
        RouteResult copy = new();
        copy.Queues.AddRange(Queues);
        copy.Holds.AddRange(Holds);
        copy._claims.AddRange(_claims);
        (copy.IsDuplicate, copy.IsContested) = (IsDuplicate, IsContested);
        return copy;
    }

    /// <summary>
    /// Looks the queues up once more, some time after the routing: by name, as in RabbitMQ, so that one deleted since then is left out and one
    /// declared anew gets the message.
    /// </summary>
    public void LookUpAgain(VirtualHost vhost)
    {
        for (int index = Queues.Count - 1; index >= 0; index--)
        {
            if (vhost.FindQueue(Queues[index].Settings.Name) is { } queue) Queues[index] = queue;
            else Queues.RemoveAt(index);
        }
    }

    public void Clear()
    {
        Queues.Clear();
        Holds.Clear();
        _exchanges.Clear();
        _seen.Clear();
        _visited.Clear();
        _claims.Clear();
        (IsDuplicate, IsContested) = (false, false);
    }

    /// <summary>Asks for the message to be the first with its key; it is settled by <see cref="KeepClaims"/> or <see cref="GiveBackClaims"/>.</summary>
    public bool TryClaim(DeduplicationCache cache, DeduplicationKey key, long? ttlMs)
    {
        Claim claim = cache.TryClaim(key, ttlMs);
        IsDuplicate |= claim == Claim.Duplicate;
        IsContested |= claim == Claim.Contested;
        if (claim == Claim.First) _claims.Add((cache, key));
        return claim == Claim.First;
    }

    /// <summary>The message is in its queues.</summary>
    public void KeepClaims()
    {
        foreach ((DeduplicationCache cache, DeduplicationKey key) in _claims) cache.Keep(key);
        _claims.Clear();
    }

    /// <summary>The message is nowhere, or not everywhere: it may come again.</summary>
    public void GiveBackClaims()
    {
        foreach ((DeduplicationCache cache, DeduplicationKey key) in _claims) cache.GiveBack(key);
        _claims.Clear();
    }

    /// <summary>
    /// Follows the message from an exchange through bindings between exchanges and alternates; each is visited once, so cycles end. An exchange
    /// looks at all keys of the message together: its alternate takes what none of them leads on.
    /// </summary>
    /// <param name="first">Where it was published.</param>
    /// <param name="message">The message with its routing key.</param>
    /// <param name="moreKeys">Those of CC and BCC.</param>
    public void Follow(Exchange first, in RoutedMessage message, IReadOnlyList<string>? moreKeys = null)
    {
        _exchanges.Clear();
        _visited.Clear();
        Add(first);
        for (int next = 0; next < _exchanges.Count; next++)
        {
            Exchange exchange = _exchanges[next];
            bool matched = exchange.Route(message, this);
            if (moreKeys is not null && !exchange.PicksOne)
            {
                for (int index = 0; index < moreKeys.Count; index++) matched |= exchange.Route(message.With(moreKeys[index]), this);
            }

            if (!matched && exchange.Alternate is { } alternate) Add(alternate);
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

    public void Hold(DelayedExchange exchange, long delayMs)
    {
        if (!Holds.Exists(hold => hold.Exchange == exchange)) Holds.Add((exchange, delayMs));
    }

    private void Add(Exchange exchange)
    {
        if (_exchanges.Count < SearchedMax)
        {
            if (_exchanges.Contains(exchange)) return;
        }
        else
        {
            if (_visited.Count == 0) _visited.UnionWith(_exchanges);
            if (!_visited.Add(exchange)) return;
        }

        _exchanges.Add(exchange);
    }
}
