namespace Quintet.Broker.Topology;

/// <summary>Routes to every binding, whatever the key.</summary>
internal sealed class FanoutExchange(ExchangeSettings settings) : Exchange(settings)
{
    private volatile Destination[] _destinations = [];

    public override bool Route(in RoutedMessage message, RouteResult result)
    {
        Destination[] destinations = _destinations;
        foreach (Destination destination in destinations) result.Add(destination);
        return destinations.Length > 0;
    }

    protected override void Changed(Binding binding, bool isNew) =>
        _destinations = [.. Bindings.Select(other => other.Destination).Distinct()];
}
