using Quintet.Broker.Topology.Routing;

namespace Quintet.Broker.Topology;

/// <summary>Routes to every binding, whatever the key.</summary>
internal sealed class FanoutExchange(ExchangeSettings settings) : Exchange(settings)
{
    private readonly DestinationSet _destinations = new();

    public override bool Route(in RoutedMessage message, RouteResult result)
    {
        Destination[] destinations = _destinations.All;
        foreach (Destination destination in destinations) result.Add(destination);
        return destinations.Length > 0;
    }

    protected override void Changed(Binding binding, bool isNew)
    {
        if (isNew) _destinations.Add(binding.Destination);
        else _destinations.Remove(binding.Destination);
    }
}
