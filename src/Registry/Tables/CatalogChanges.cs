using System.Collections.Immutable;

namespace Quintet.Registry.Tables;

/// <summary>How changes of nodes, services and checks make the next state, and whose answers they change.</summary>
internal static class CatalogChanges
{
    public static RegistryState PutNode(RegistryState state, NodeRow row, ulong index, ISet<Scope> touched)
    {
        NodeEntry node = state.Nodes.TryGetValue(row.Name, out NodeEntry? known) ? known with { Row = row } : new NodeEntry { Row = row };
        touched.Add(Scope.Nodes);
        state = state with { Nodes = state.Nodes.SetItem(row.Name, node), NodesIndex = index };
        // The node's address and metadata are part of the answer for each service on it.
        return TouchNamesOn(TouchNode(state, row.Name, index, touched), row.Name, index, touched);
    }

    public static RegistryState RemoveNode(RegistryState state, string name, ulong index, ISet<Scope> touched)
    {
        if (!state.Nodes.TryGetValue(name, out NodeEntry? node)) return state;
        foreach (string id in node.Instances.Keys) state = RemoveService(state, name, id, index, touched);
        foreach (string id in node.Checks.Keys) state = RemoveCheck(state, name, id, index, touched);
        touched.Add(Scope.Nodes);
        touched.Add(Scope.Node(name));
        return state with { Nodes = state.Nodes.Remove(name), NodesIndex = index };
    }

    public static RegistryState PutService(RegistryState state, ServiceRow row, ulong index, ISet<Scope> touched)
    {
        NodeEntry node = state.Nodes[row.Node];
        InstanceEntry? before = node.Instances.GetValueOrDefault(row.Id);
        if (before is not null) state = RemoveFromName(state, before.Row, index, touched);
        InstanceEntry after = before is null ? new InstanceEntry { Row = row } : before with { Row = row };
        state = WithNode(state, node with { Instances = node.Instances.SetItem(row.Id, after) });
        state = AddToName(state, row, index, touched);
        // Checks are listed with the service's name and tags, and with nothing else of it.
        bool changesChecks = before is not null && (before.Row.Name != row.Name || !before.Row.Tags.AsSpan().SequenceEqual(row.Tags.AsSpan()));
        if (changesChecks && after.Checks.Count > 0) state = TouchChecks(state, index, touched);
        state = NoteServices(state, before?.Row, row, index, touched);
        return TouchNode(state, row.Node, index, touched);
    }

    public static RegistryState RemoveService(RegistryState state, string nodeName, string id, ulong index, ISet<Scope> touched)
    {
        NodeEntry node = state.Nodes[nodeName];
        if (!node.Instances.TryGetValue(id, out InstanceEntry? gone)) return state;
        state = WithNode(state, node with
        {
            Instances = node.Instances.Remove(id),
            CheckOwners = node.CheckOwners.RemoveRange(gone.Checks.Keys),
        });
        state = RemoveFromName(state, gone.Row, index, touched);
        if (gone.Checks.Count > 0) state = TouchChecks(state, index, touched);
        state = NoteServices(state, gone.Row, null, index, touched);
        return TouchNode(state, nodeName, index, touched);
    }

    public static RegistryState PutCheck(RegistryState state, CheckRow row, ulong index, ISet<Scope> touched)
    {
        if (state.Nodes[row.Node].FindCheck(row.Id) is { } before && before.ServiceId != row.ServiceId)
            state = RemoveCheck(state, row.Node, row.Id, index, touched);
        return TouchCheck(WithCheck(state, row), row, index, touched);
    }

    /// <summary>The same row again but for what it says, without any index moving.</summary>
    public static RegistryState WithCheck(RegistryState state, CheckRow row)
    {
        NodeEntry node = state.Nodes[row.Node];
        if (row.ServiceId.Length == 0) return WithNode(state, node with { Checks = node.Checks.SetItem(row.Id, row) });
        InstanceEntry instance = node.Instances[row.ServiceId];
        return WithNode(state, node with
        {
            Instances = node.Instances.SetItem(row.ServiceId, instance with { Checks = instance.Checks.SetItem(row.Id, row) }),
            CheckOwners = node.CheckOwners.SetItem(row.Id, row.ServiceId),
        });
    }

    public static RegistryState RemoveCheck(RegistryState state, string nodeName, string id, ulong index, ISet<Scope> touched)
    {
        NodeEntry node = state.Nodes[nodeName];
        if (node.FindCheck(id) is not { } gone) return state;
        if (gone.ServiceId.Length == 0)
            node = node with { Checks = node.Checks.Remove(id) };
        else
        {
            InstanceEntry instance = node.Instances[gone.ServiceId];
            node = node with
            {
                Instances = node.Instances.SetItem(gone.ServiceId, instance with { Checks = instance.Checks.Remove(id) }),
                CheckOwners = node.CheckOwners.Remove(id),
            };
        }

        return TouchCheck(WithNode(state, node), gone, index, touched);
    }

    /// <summary>
    /// Gives up the older half of the names that have no instances and raises the floor, as <see cref="KeyTable.ForgettingOldRemovals"/>
    /// does.
    /// </summary>
    public static RegistryState ForgettingOldNames(RegistryState state)
    {
        List<NameEntry> empty = [.. state.Names.Values.Where(name => name.Instances.Count == 0).OrderBy(name => name.Index)];
        int forgotten = empty.Count - (empty.Count / 2);
        if (forgotten == 0) return state;
        return state with
        {
            Names = state.Names.RemoveRange(empty.Take(forgotten).Select(name => name.Name)),
            ServicesFloor = Math.Max(state.ServicesFloor, empty[forgotten - 1].Index),
        };
    }

    private static RegistryState WithNode(RegistryState state, NodeEntry node) =>
        state with { Nodes = state.Nodes.SetItem(node.Row.Name, node) };

    private static RegistryState TouchNode(RegistryState state, string name, ulong index, ISet<Scope> touched)
    {
        touched.Add(Scope.Node(name));
        return WithNode(state, state.Nodes[name] with { Index = index });
    }

    private static RegistryState TouchChecks(RegistryState state, ulong index, ISet<Scope> touched)
    {
        touched.Add(Scope.Checks);
        return state with { ChecksIndex = index };
    }

    private static RegistryState TouchCheck(RegistryState state, CheckRow check, ulong index, ISet<Scope> touched)
    {
        state = TouchNode(TouchChecks(state, index, touched), check.Node, index, touched);
        return check.ServiceId.Length == 0
            ? TouchNamesOn(state, check.Node, index, touched)
            : TouchName(state, state.Nodes[check.Node].Instances[check.ServiceId].Row.Name, index, touched);
    }

    private static RegistryState TouchNamesOn(RegistryState state, string node, ulong index, ISet<Scope> touched)
    {
        foreach (string name in state.Nodes[node].Instances.Values.Select(i => i.Row.Name).Distinct(StringComparer.OrdinalIgnoreCase))
            state = TouchName(state, name, index, touched);
        return state;
    }

    private static RegistryState TouchName(RegistryState state, string name, ulong index, ISet<Scope> touched)
    {
        touched.Add(Scope.Service(name));
        return state with { Names = state.Names.SetItem(name, state.Names[name] with { Index = index }) };
    }

    private static RegistryState AddToName(RegistryState state, ServiceRow row, ulong index, ISet<Scope> touched)
    {
        NameEntry name = state.Names.GetValueOrDefault(row.Name) ?? new NameEntry { Name = row.Name };
        ImmutableSortedDictionary<string, int> tags = name.Tags;
        foreach (string tag in row.Tags.Distinct()) tags = tags.SetItem(tag, tags.GetValueOrDefault(tag) + 1);
        touched.Add(Scope.Service(row.Name));
        name = name with { Name = name.Instances.Count == 0
            ? row.Name
            : name.Name, Index = index, Instances = name.Instances.Add(new InstanceKey(row.Node, row.Id)), Tags = tags };
        return state with { Names = state.Names.Remove(row.Name).Add(name.Name, name) };
    }

    private static RegistryState RemoveFromName(RegistryState state, ServiceRow row, ulong index, ISet<Scope> touched)
    {
        NameEntry name = state.Names[row.Name];
        ImmutableSortedDictionary<string, int> tags = name.Tags;
        foreach (string tag in row.Tags.Distinct())
            tags = tags[tag] == 1 ? tags.Remove(tag) : tags.SetItem(tag, tags[tag] - 1);
        touched.Add(Scope.Service(row.Name));
        name = name with { Index = index, Instances = name.Instances.Remove(new InstanceKey(row.Node, row.Id)), Tags = tags };
        return state with { Names = state.Names.SetItem(row.Name, name) };
    }

    /// <summary>
    /// Raises the index of the names-and-tags map if this write changed the map. A replaced instance left and joined its name before, so the
    /// map is compared by what each of the two rows alone contributes to it.
    /// </summary>
    private static RegistryState NoteServices(RegistryState state, ServiceRow? before, ServiceRow? after, ulong index, ISet<Scope> touched)
    {
        bool sameName = before is not null && after is not null && string.Equals(before.Name, after.Name, StringComparison.OrdinalIgnoreCase);
        bool changed = sameName
            ? before!.Tags.Except(after!.Tags).Any(tag => !HasTag(state, before.Name, tag))
                || after.Tags.Except(before.Tags).Any(tag => IsOnlyBearer(state, after, tag))
            : (before is not null && Vanished(state, before)) || (after is not null && Appeared(state, after));
        if (!changed) return state;
        touched.Add(Scope.Services);
        return state with { ServicesIndex = index };
    }

    private static bool HasTag(RegistryState state, string name, string tag) => state.Names[name].Tags.ContainsKey(tag);

    private static bool IsOnlyBearer(RegistryState state, ServiceRow row, string tag) => state.Names[row.Name].Tags[tag] == 1;

    private static bool Vanished(RegistryState state, ServiceRow row) =>
        state.Names[row.Name].Instances.Count == 0 || row.Tags.Any(tag => !HasTag(state, row.Name, tag));

    private static bool Appeared(RegistryState state, ServiceRow row) =>
        state.Names[row.Name].Instances.Count == 1 || row.Tags.Any(tag => IsOnlyBearer(state, row, tag));
}
