using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;

namespace Quintet.Broker.Topology.Declarations;

/// <summary>What a type of exchange looks at when it says whether a binding can be, before the ends need to be there.</summary>
/// <param name="RoutingKey">The key.</param>
/// <param name="Arguments">The arguments.</param>
/// <param name="Queue">The queue it leads to; null when it leads to an exchange.</param>
internal sealed record BindingTerms(string RoutingKey, FieldTable Arguments, QueueSettings? Queue)
{
    public static BindingTerms Of(Binding binding) => new(binding.RoutingKey, binding.Arguments, binding.Destination.Queue?.Settings);
}
