namespace Quintet.Registry.Tables;

/// <summary>
/// One write while the writer makes it: the state so far, the changes to be logged, the scopes to be woken. Only the writer's thread
/// touches it. A draft that throws is dropped whole.
/// </summary>
internal sealed class Draft(RegistryState state)
{
    private readonly HashSet<Scope> _touched = [];
    private readonly List<Change> _changes = [];
    private readonly List<(string Key, TimeSpan For)> _delayedLocks = [];

    /// <summary>The index this write gets if it changes anything.</summary>
    public ulong Index { get; } = state.Index + 1;

    public RegistryState State { get; private set; } = state;

    public IReadOnlyList<Change> Changes => _changes;

    public IReadOnlyCollection<Scope> Touched => _touched;

    /// <summary>Keys that were taken from a session and may not be locked for a while.</summary>
    public IReadOnlyList<(string Key, TimeSpan For)> DelayedLocks => _delayedLocks;

    public void PutNode(NodeRow row)
    {
        NodeRow? before = State.Nodes.GetValueOrDefault(row.Name)?.Row;
        if (before is not null && before.SaysTheSameAs(row)) return;
        Add(new NodePut(row with { CreateIndex = before?.CreateIndex ?? Index, ModifyIndex = Index }));
    }

    public void RemoveNode(string name)
    {
        if (!State.Nodes.ContainsKey(name)) return;
        EndSessions(session => session.Node.Equals(name, StringComparison.OrdinalIgnoreCase));
        Add(new NodeGone(name));
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
        if (!State.Nodes.TryGetValue(node, out NodeEntry? entry) || !entry.Instances.TryGetValue(id, out InstanceEntry? instance)) return;
        EndSessions(session => instance.Checks.Keys.Any(check => session.DependsOn(node, check)));
        Add(new ServiceGone(entry.Row.Name, id));
    }

    public void PutCheck(CheckRow row)
    {
        CheckRow? before = State.Nodes[row.Node].FindCheck(row.Id);
        if (before is not null && before.SaysTheSameAs(row)) return;
        Add(new CheckPut(row with { CreateIndex = before?.CreateIndex ?? Index, ModifyIndex = Index }));
        if (row.Status == CheckStatus.Critical) EndSessions(session => session.DependsOn(row.Node, row.Id));
    }

    public void RemoveCheck(string node, string id)
    {
        if (!State.Nodes.TryGetValue(node, out NodeEntry? entry) || entry.FindCheck(id) is null) return;
        EndSessions(session => session.DependsOn(node, id));
        Add(new CheckGone(entry.Row.Name, id));
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

    public void PutSession(SessionRow row) => Add(new SessionPut(row with { CreateIndex = Index, ModifyIndex = Index }));

    /// <summary>
    /// Ends a session, and in the same write releases or deletes the keys it held. For <see cref="SessionRow.LockDelay"/> nobody may take
    /// them: who held them may not know yet that it lost them.
    /// </summary>
    public void EndSession(SessionRow session)
    {
        foreach (string key in State.Sessions.KeysOf(session.Id))
        {
            if (session.LockDelay > TimeSpan.Zero) _delayedLocks.Add((key, session.LockDelay));
            if (session.Behavior == "delete") RemoveKey(key);
            else PutKey(State.Keys.Find(key)! with { Session = null });
        }

        Add(new SessionGone(session.Id));
    }

    public void SetLocalNode(string node)
    {
        if (State.LocalNode != node) Add(new LocalNodeSet(node));
    }

    /// <summary>The state with the index of this write, if there was anything to write.</summary>
    public RegistryState Finish() => _changes.Count == 0 ? State : State with { Index = Index };

    private void EndSessions(Func<SessionRow, bool> isConcerned)
    {
        foreach (SessionRow session in State.Sessions.Rows.Values.Where(isConcerned)) EndSession(session);
    }

    private void Add(Change change)
    {
        State = State.Apply(Index, change, _touched);
        _changes.Add(change);
    }
}
