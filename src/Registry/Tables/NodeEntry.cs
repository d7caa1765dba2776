using System.Collections.Immutable;

namespace Quintet.Registry.Tables;

/// <summary>A node with what runs on it.</summary>
internal sealed record NodeEntry
{
    public required NodeRow Row { get; init; }

    /// <summary>Index of the last change of the node, its services or its checks.</summary>
    public ulong Index { get; init; }

    public ImmutableSortedDictionary<string, InstanceEntry> Instances { get; init; } =
        ImmutableSortedDictionary.Create<string, InstanceEntry>(StringComparer.Ordinal);

    /// <summary>Checks of the node itself, by id.</summary>
    public ImmutableSortedDictionary<string, CheckRow> Checks { get; init; } =
        ImmutableSortedDictionary.Create<string, CheckRow>(StringComparer.Ordinal);

    /// <summary>Check id → service id, for checks that belong to an instance.</summary>
    public ImmutableDictionary<string, string> CheckOwners { get; init; } = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    public int CheckCount => Checks.Count + CheckOwners.Count;

    public CheckRow? FindCheck(string id)
    {
        if (Checks.TryGetValue(id, out CheckRow? own)) return own;
        return CheckOwners.TryGetValue(id, out string? owner) && Instances.TryGetValue(owner, out InstanceEntry? instance)
            ? instance.Checks.GetValueOrDefault(id)
            : null;
    }

    /// <summary>All checks, by id over all.</summary>
    public IEnumerable<CheckRow> AllChecks() =>
        Checks.Values.Concat(Instances.Values.SelectMany(instance => instance.Checks.Values)).OrderBy(check => check.Id, StringComparer.Ordinal);
}

/// <summary>An instance with its checks.</summary>
internal sealed record InstanceEntry
{
    public required ServiceRow Row { get; init; }

    public ImmutableSortedDictionary<string, CheckRow> Checks { get; init; } =
        ImmutableSortedDictionary.Create<string, CheckRow>(StringComparer.Ordinal);
}

/// <summary>Where an instance is.</summary>
internal readonly record struct InstanceKey(string Node, string Id) : IComparable<InstanceKey>
{
    public int CompareTo(InstanceKey other) =>
        string.CompareOrdinal(Node, other.Node) is not 0 and var byNode ? byNode : string.CompareOrdinal(Id, other.Id);
}

/// <summary>All that is known about a service name. It stays, empty, when the last instance goes: watchers need its index.</summary>
internal sealed record NameEntry
{
    public required string Name { get; init; }

    public ulong Index { get; init; }

    public ImmutableSortedSet<InstanceKey> Instances { get; init; } = [];

    /// <summary>How many instances carry each tag.</summary>
    public ImmutableSortedDictionary<string, int> Tags { get; init; } = ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal);
}
