using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology.Declarations;

namespace Quintet.Broker.Topology.Hashing;

/// <summary>How one destination is picked from all that are bound.</summary>
internal enum Pick
{
    /// <summary>x-random: any of them.</summary>
    Random,

    /// <summary>x-local-random: any of the classic queues bound with an empty key. With one node all of them are local.</summary>
    LocalRandom,

    /// <summary>x-modulus-hash: by the hash of the routing key, modulo their number, in the order of their names.</summary>
    Modulus,
}

/// <summary>Routes each message to one of the bound destinations.</summary>
internal sealed class PickingExchange(ExchangeSettings settings, Pick pick) : Exchange(settings)
{
    private volatile Destination[] _destinations = [];

    public override bool PicksOne => true;

    public override bool Route(in RoutedMessage message, RouteResult result)
    {
        Destination[] destinations = _destinations;
        if (destinations.Length == 0) return false;
        int index = pick == Pick.Modulus
            ? (int)(StableHash.Of(message.RoutingKey) % (ulong)destinations.Length)
            : System.Random.Shared.Next(destinations.Length);
        result.Add(destinations[index]);
        return true;
    }

    /// <summary>Refuses what x-local-random cannot pick from.</summary>
    public static void CheckLocal(BindingTerms binding)
    {
        if (binding.RoutingKey.Length > 0)
            throw new AmqpException(ReplyCode.PreconditionFailed, $"Non empty binding '{binding.RoutingKey}' key not permitted");
        if (binding.Queue is not { } queue) throw new AmqpException(ReplyCode.PreconditionFailed, "Destination not found");
        if (queue.Kind != QueueKind.Classic)
            throw new AmqpException(ReplyCode.PreconditionFailed, $"Queue type rabbit_{queue.Type}_queue not valid for this exchange type");
    }

    protected override void Changed(Binding binding, bool isNew) =>
        _destinations = [.. Bindings.Select(other => other.Destination).Distinct().OrderBy(destination => destination.Name, StringComparer.Ordinal)];
}
