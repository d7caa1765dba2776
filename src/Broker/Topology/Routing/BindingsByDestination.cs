using Quintet.Broker.Limits;

namespace Quintet.Broker.Topology.Routing;

/// <summary>The bindings of a virtual host by what they lead to, so that those to something that goes are found. Guarded by the virtual host's gate.</summary>
internal sealed class BindingsByDestination(TopologyRoom room)
{
    private readonly Dictionary<object, HashSet<Binding>> _byEnd = [];

    public void Add(Binding binding)
    {
        object end = EndOf(binding);
        if (!_byEnd.TryGetValue(end, out HashSet<Binding>? bindings)) _byEnd[end] = bindings = new(ReferenceEqualityComparer.Instance);
        bindings.Add(binding);
        room.BindingsChanged(1);
    }

    public void Remove(Binding binding)
    {
        object end = EndOf(binding);
        if (!_byEnd.TryGetValue(end, out HashSet<Binding>? bindings)) return;
        if (bindings.Remove(binding)) room.BindingsChanged(-1);
        if (bindings.Count == 0) _byEnd.Remove(end);
    }

    /// <summary>Takes out all that lead to a queue or an exchange.</summary>
    public IReadOnlyCollection<Binding> TakeAll(object end)
    {
        if (!_byEnd.Remove(end, out HashSet<Binding>? bindings)) return [];
        room.BindingsChanged(-bindings.Count);
        return bindings;
    }

    public void Clear()
    {
        room.BindingsChanged(-_byEnd.Values.Sum(bindings => bindings.Count));
        _byEnd.Clear();
    }

    private static object EndOf(Binding binding) => (object?)binding.Destination.Queue ?? binding.Destination.Exchange!;
}
