using System.Runtime.InteropServices;

namespace Quintet.Broker.Topology.Routing;

/// <summary>
/// Destinations, each once however many bindings lead there. Changed under the virtual host's gate; read without, as an array that is replaced whole.
/// A change looks at no other binding: an exchange may have hundreds of thousands, and everybody who declares waits for that gate.
/// </summary>
internal sealed class DestinationSet
{
    private readonly Dictionary<Destination, int> _bindings = [];
    private volatile Destination[] _all = [];

    public Destination[] All => _all;

    public bool IsEmpty => _all.Length == 0;

    public void Add(Destination destination)
    {
        if (++CollectionsMarshal.GetValueRefOrAddDefault(_bindings, destination, out _) > 1) return;
        _all = [.. _all, destination];
    }

    public void Remove(Destination destination)
    {
        if (--CollectionsMarshal.GetValueRefOrNullRef(_bindings, destination) > 0) return;
        _bindings.Remove(destination);
        int index = Array.IndexOf(_all, destination);
        _all = [.. _all.AsSpan(0, index), .. _all.AsSpan(index + 1)];
    }
}
