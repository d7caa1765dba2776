namespace Quintet.Registry.Tables;

/// <summary>
/// One write while the writer makes it: the state so far, the changes to be logged, the scopes to be woken. Only the writer's thread
/// touches it. A draft that throws is dropped whole.
/// </summary>
internal sealed class Draft(RegistryState state)
{
    private readonly HashSet<Scope> _touched = [];
    private readonly List<Change> _changes = [];

    /// <summary>The index this write gets if it changes anything.</summary>
    public ulong Index { get; } = state.Index + 1;

    public RegistryState State { get; private set; } = state;

    public IReadOnlyList<Change> Changes => _changes;

    public IReadOnlyCollection<Scope> Touched => _touched;

    public void PutNode(NodeRow row)
    {
        NodeRow? before = State.Nodes.GetValueOrDefault(row.Name)?.Row;
        if (before is not null && before.SaysTheSameAs(row)) return;
        Add(new NodePut(row with { CreateIndex = before?.CreateIndex ?? Index, ModifyIndex = Index }));
    }

    public void RemoveNode(string name)
    {
        if (State.Nodes.ContainsKey(name)) Add(new NodeGone(name));
    }

    /// <summary>Writes the instance; one that says the same as before changes no index and wakes nobody.</summary>
    public void PutService(ServiceRow row)
    {
        ServiceRow? before = State.Nodes[row.Node].Instances.GetValueOrDefault(row.Id)?.Row;
        if (before is not null && before.SaysTheSameAs(row)) return;
        Add(new ServicePut(row with { CreateIndex = before?.CreateIndex ?? Index, ModifyIndex = Index }));
    }

    public void RemoveService(string node, string id)
    {
        if (State.Nodes.TryGetValue(node, out NodeEntry? entry) && entry.Instances.ContainsKey(id)) Add(new ServiceGone(entry.Row.Name, id));
    }

    public void PutCheck(CheckRow row)
    {
        CheckRow? before = State.Nodes[row.Node].FindCheck(row.Id);
        if (before is not null && before.SaysTheSameAs(row)) return;
        Add(new CheckPut(row with { CreateIndex = before?.CreateIndex ?? Index, ModifyIndex = Index }));
    }

    public void RemoveCheck(string node, string id)
    {
        if (State.Nodes.TryGetValue(node, out NodeEntry? entry) && entry.FindCheck(id) is not null) Add(new CheckGone(entry.Row.Name, id));
    }

    /// <summary>
    /// Shows a check's new output to readers without an index, a wake or a line in the log: the status is what is promised to last, and
    /// probes that print the time must not wake every watcher.
    /// </summary>
    public void ShowOutput(CheckRow row) => State = CatalogChanges.WithCheck(State, row);

    public void PutKey(KeyRow row)
    {
        KeyRow? before = State.Keys.Find(row.Key);
        Add(new KeyPut(row with { CreateIndex = before?.CreateIndex ?? Index, ModifyIndex = Index }));
    }

    public void RemoveKey(string key)
    {
        if (State.Keys.Find(key) is not null) Add(new KeyGone(key));
    }

    public void SetLocalNode(string node)
    {
        if (State.LocalNode != node) Add(new LocalNodeSet(node));
    }

    /// <summary>The state with the index of this write, if there was anything to write.</summary>
    public RegistryState Finish() => _changes.Count == 0 ? State : State with { Index = Index };

    private void Add(Change change)
    {
        State = State.Apply(Index, change, _touched);
        _changes.Add(change);
    }
}
