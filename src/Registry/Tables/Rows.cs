using System.Collections.Immutable;

namespace Quintet.Registry.Tables;

/// <summary>A machine. This registry is one itself; others are written through <c>/v1/catalog/register</c>.</summary>
internal sealed record NodeRow
{
    /// <summary>Empty for a node that was registered from outside.</summary>
    public string Id { get; init; } = "";

    public required string Name { get; init; }

    public required string Address { get; init; }

    /// <summary>Null is written as <c>null</c>, as Consul does for external nodes.</summary>
    public ImmutableSortedDictionary<string, string>? TaggedAddresses { get; init; }

    public ImmutableSortedDictionary<string, string>? Meta { get; init; }

    public ulong CreateIndex { get; init; }

    public ulong ModifyIndex { get; init; }

    /// <summary>Whether a reader could tell the two apart, indexes aside.</summary>
    public bool SaysTheSameAs(NodeRow other) =>
        Id == other.Id && Name == other.Name && Address == other.Address
        && Rows.Same(TaggedAddresses, other.TaggedAddresses) && Rows.Same(Meta, other.Meta);
}

/// <summary>An address and port under which a service is reachable from some network.</summary>
internal sealed record ServiceAddress(string Address, int Port);

/// <summary>One instance of a service on one node.</summary>
internal sealed record ServiceRow
{
    public required string Node { get; init; }

    public required string Id { get; init; }

    public required string Name { get; init; }

    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>Empty means the node's own address.</summary>
    public string Address { get; init; } = "";

    public int Port { get; init; }

    /// <summary>Null when the registration gave none; agent and catalog then answer differently.</summary>
    public ImmutableSortedDictionary<string, string>? Meta { get; init; }

    public ImmutableSortedDictionary<string, ServiceAddress>? TaggedAddresses { get; init; }

    public int WeightPassing { get; init; } = 1;

    public int WeightWarning { get; init; } = 1;

    public bool EnableTagOverride { get; init; }

    public string Kind { get; init; } = "";

    public ulong CreateIndex { get; init; }

    public ulong ModifyIndex { get; init; }

    /// <summary>Whether a reader could tell the two apart, indexes aside.</summary>
    public bool SaysTheSameAs(ServiceRow other) =>
        Node == other.Node && Id == other.Id && Name == other.Name && Address == other.Address && Port == other.Port
        && WeightPassing == other.WeightPassing && WeightWarning == other.WeightWarning
        && EnableTagOverride == other.EnableTagOverride && Kind == other.Kind
        && Tags.AsSpan().SequenceEqual(other.Tags.AsSpan())
        && Rows.Same(Meta, other.Meta) && Rows.Same(TaggedAddresses, other.TaggedAddresses);
}

/// <summary>A key and its value.</summary>
internal sealed record KeyRow
{
    public required string Key { get; init; }

    public byte[] Value { get; init; } = [];

    /// <summary>The client's own mark, all 64 bits of it.</summary>
    public ulong Flags { get; init; }

    public ulong LockIndex { get; init; }

    /// <summary>The session that holds the key; null when none does.</summary>
    public string? Session { get; init; }

    public ulong CreateIndex { get; init; }

    public ulong ModifyIndex { get; init; }
}

/// <summary>Comparisons that rows share.</summary>
internal static class Rows
{
    /// <summary>Equality of maps by content; null and empty differ, since they are written differently.</summary>
    public static bool Same<TValue>(ImmutableSortedDictionary<string, TValue>? left, ImmutableSortedDictionary<string, TValue>? right)
    {
        if (left is null || right is null) return left is null && right is null;
        if (left.Count != right.Count) return false;
        foreach ((string key, TValue value) in left)
            if (!right.TryGetValue(key, out TValue? other) || !EqualityComparer<TValue>.Default.Equals(value, other))
                return false;
        return true;
    }
}
