using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;

namespace Quintet.Broker.Topology;

/// <summary>Where a binding leads: a queue or another exchange.</summary>
internal readonly record struct Destination(Queue? Queue, Exchange? Exchange)
{
    public string Name => Queue?.Name ?? Exchange!.Name;

    public bool IsDurable => Queue?.Settings is { IsDurable: true, IsExclusive: false } || Exchange is { IsDurable: true };
}

/// <summary>What makes a binding the same as another: declaring it twice is declaring it once.</summary>
/// <param name="ToQueue">The destination is a queue.</param>
/// <param name="Destination">Its name.</param>
/// <param name="RoutingKey">The key.</param>
/// <param name="Arguments">The arguments, encoded.</param>
internal readonly record struct BindingKey(bool ToQueue, string Destination, string RoutingKey, string Arguments)
{
    public static BindingKey Of(Destination destination, string routingKey, FieldTable arguments) =>
        new(destination.Queue is not null, destination.Name, routingKey, arguments.Count == 0 ? "" : Convert.ToHexString(FieldTableWriter.Encode(arguments)));
}

/// <summary>A rule of an exchange.</summary>
/// <param name="Source">The exchange.</param>
/// <param name="Destination">Where matching messages go.</param>
/// <param name="RoutingKey">Compared as the exchange's type says.</param>
/// <param name="Arguments">What a headers exchange compares.</param>
internal sealed record Binding(Exchange Source, Destination Destination, string RoutingKey, FieldTable Arguments)
{
    public BindingKey Key => BindingKey.Of(Destination, RoutingKey, Arguments);

    public bool IsDurable => Source.IsDurable && Destination.IsDurable;
}
