using System.Collections.Immutable;

namespace Quintet.Registry.Tables;

/// <summary>
/// Everything the registry knows at one index. Immutable: readers take the reference once and need no lock, the one writer makes the
/// next. Live writes and the replay of the log go through the same changes.
/// </summary>
internal sealed record RegistryState
{
    public static RegistryState Empty { get; } = new();

    /// <summary>Index of the newest write.</summary>
    public ulong Index { get; init; }

    /// <summary>The name of the node that this registry is; empty before its first start.</summary>
    public string LocalNode { get; init; } = "";

    public ImmutableSortedDictionary<string, NodeEntry> Nodes { get; init; } =
        ImmutableSortedDictionary.Create<string, NodeEntry>(StringComparer.OrdinalIgnoreCase);

    public ImmutableSortedDictionary<string, NameEntry> Names { get; init; } =
        ImmutableSortedDictionary.Create<string, NameEntry>(StringComparer.OrdinalIgnoreCase);

    public KeyTable Keys { get; init; } = new();

    public SessionTable Sessions { get; init; } = new();

    public ulong NodesIndex { get; init; }

    /// <summary>Index of the last change of the map from names to tags.</summary>
    public ulong ServicesIndex { get; init; }

    public ulong ChecksIndex { get; init; }

    /// <summary>Index of names never seen; takes the place of empty name entries that were given up.</summary>
    public ulong ServicesFloor { get; init; } = 1;

    /// <summary>The node that this registry is.</summary>
    public NodeEntry Local => Nodes[LocalNode];

    /// <summary>The index a blocking query on <paramref name="scope"/> is answered with; never 0, which clients read as an error.</summary>
    public ulong IndexOf(Scope scope) => Math.Max(1, scope.Kind switch
    {
        ScopeKind.Service => Names.TryGetValue(scope.Name, out NameEntry? name) ? name.Index : ServicesFloor,
        ScopeKind.Services => ServicesIndex,
        ScopeKind.Nodes => NodesIndex,
        ScopeKind.Node => Nodes.TryGetValue(scope.Name, out NodeEntry? node) ? node.Index : NodesIndex,
        ScopeKind.Checks => ChecksIndex,
        ScopeKind.Key => Keys.IndexOf(scope.Name),
        ScopeKind.KeyPrefix => Keys.IndexUnder(scope.Name),
        ScopeKind.Sessions => Sessions.Index,
        _ => throw new ArgumentOutOfRangeException(nameof(scope)),
    });

    /// <summary>The instances of a service, in a stable order.</summary>
    public IEnumerable<(NodeEntry Node, InstanceEntry Instance)> InstancesOf(string service)
    {
        if (!Names.TryGetValue(service, out NameEntry? name)) yield break;
        foreach (InstanceKey key in name.Instances)
        {
            NodeEntry node = Nodes[key.Node];
            yield return (node, node.Instances[key.Id]);
        }
    }

    /// <summary>The state after one change, and the scopes it touched.</summary>
    public RegistryState Apply(ulong index, Change change, ISet<Scope> touched) => change switch
    {
        NodePut put => CatalogChanges.PutNode(this, put.Row, index, touched),
        NodeGone gone => CatalogChanges.RemoveNode(this, gone.Node, index, touched),
        ServicePut put => CatalogChanges.PutService(this, put.Row, index, touched),
        ServiceGone gone => CatalogChanges.RemoveService(this, gone.Node, gone.Id, index, touched),
        CheckPut put => CatalogChanges.PutCheck(this, put.Row, index, touched),
        CheckGone gone => CatalogChanges.RemoveCheck(this, gone.Node, gone.Id, index, touched),
        KeyPut put => Touch(touched, Scope.Key(put.Row.Key), WithKey(put.Row)),
        KeyGone gone => Touch(touched, Scope.Key(gone.Key), WithoutKey(gone.Key, index)),
        SessionPut put => Touch(touched, Scope.Sessions, this with { Sessions = Sessions.With(put.Row, index) }),
        SessionGone gone => Touch(touched, Scope.Sessions, this with { Sessions = Sessions.Without(gone.Id, index) }),
        LocalNodeSet local => this with { LocalNode = local.Node },
        RemovalsForgotten forgotten => Forget(forgotten),
        ScopesSet scopes => Restore(scopes),
        _ => throw new ArgumentOutOfRangeException(nameof(change)),
    };

    /// <summary>Replays one write.</summary>
    public RegistryState Apply(Mutation mutation)
    {
        HashSet<Scope> touched = [];
        RegistryState state = this;
        foreach (Change change in mutation.Changes) state = state.Apply(mutation.Index, change, touched);
        return state with { Index = mutation.Index };
    }

    /// <summary>The state as changes that rebuild it from <see cref="Empty"/>; <see cref="ScopesSet"/> comes last.</summary>
    public IEnumerable<Change> AsChanges()
    {
        yield return new LocalNodeSet(LocalNode);
        foreach (NodeEntry node in Nodes.Values)
        {
            yield return new NodePut(node.Row);
            foreach (CheckRow check in node.Checks.Values) yield return new CheckPut(check);
            foreach (InstanceEntry instance in node.Instances.Values)
            {
                yield return new ServicePut(instance.Row);
                foreach (CheckRow check in instance.Checks.Values) yield return new CheckPut(check);
            }
        }

        foreach (SessionRow row in Sessions.Rows.Values) yield return new SessionPut(row);
        foreach (KeyRow row in Keys.All()) yield return new KeyPut(row);
        yield return new ScopesSet
        {
            NodesIndex = NodesIndex,
            ServicesIndex = ServicesIndex,
            ChecksIndex = ChecksIndex,
            SessionsIndex = Sessions.Index,
            ServicesFloor = ServicesFloor,
            KeysFloor = Keys.Floor,
            Services = Names.Values.ToDictionary(name => name.Name, name => name.Index),
            Nodes = Nodes.Values.ToDictionary(node => node.Row.Name, node => node.Index),
            RemovedKeys = Keys.RemovalMarks(),
        };
    }

    private RegistryState Forget(RemovalsForgotten forgotten)
    {
        RegistryState state = forgotten.Keys ? this with { Keys = Keys.ForgettingOldRemovals() } : this;
        return forgotten.Services ? CatalogChanges.ForgettingOldNames(state) : state;
    }

    private RegistryState WithKey(KeyRow row) =>
        this with { Keys = Keys.With(row), Sessions = Sessions.Moved(row.Key, Keys.Find(row.Key)?.Session, row.Session) };

    private RegistryState WithoutKey(string key, ulong index) =>
        this with { Keys = Keys.Without(key, index), Sessions = Sessions.Moved(key, Keys.Find(key)?.Session, null) };

    private RegistryState Restore(ScopesSet scopes)
    {
        var names = Names.ToBuilder();
        foreach ((string name, ulong index) in scopes.Services)
            names[name] = (names.TryGetValue(name, out NameEntry? entry) ? entry : new NameEntry { Name = name }) with { Index = index };
        var nodes = Nodes.ToBuilder();
        foreach ((string node, ulong index) in scopes.Nodes)
            if (nodes.TryGetValue(node, out NodeEntry? entry)) nodes[node] = entry with { Index = index };
        return this with
        {
            Names = names.ToImmutable(),
            Nodes = nodes.ToImmutable(),
            NodesIndex = scopes.NodesIndex,
            ServicesIndex = scopes.ServicesIndex,
            ChecksIndex = scopes.ChecksIndex,
            ServicesFloor = scopes.ServicesFloor,
            Sessions = Sessions with { Index = scopes.SessionsIndex },
            Keys = Keys.WithRemovalMarks(scopes.RemovedKeys) with { Floor = scopes.KeysFloor },
        };
    }

    private static RegistryState Touch(ISet<Scope> touched, Scope scope, RegistryState state)
    {
        touched.Add(scope);
        return state;
    }
}
