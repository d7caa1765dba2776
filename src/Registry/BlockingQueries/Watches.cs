using Quintet.Registry.Tables;

namespace Quintet.Registry.BlockingQueries;

/// <summary>
/// Who waits for which scope. Guarded by _gate: both maps and the watcher counts. Waking completes one task per scope, however many
/// wait for it.
/// </summary>
internal sealed class Watches
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Scope, Watch> _watches = [];
    private readonly Dictionary<int, int> _prefixLengths = [];
    private int _parked;

    /// <summary>How many queries wait at this moment.</summary>
    public int Parked => Volatile.Read(ref _parked);

    /// <summary>
    /// Begins to watch. Read the state after this call: a change that the state does not show yet will then complete the watch.
    /// </summary>
    public Watch Begin(Scope scope)
    {
        lock (_gate)
        {
            _parked++;
            if (!_watches.TryGetValue(scope, out Watch? watch))
            {
                _watches[scope] = watch = new Watch(scope);
                if (scope.Kind == ScopeKind.KeyPrefix) CountPrefix(scope.Name.Length, 1);
            }

            watch.Watchers++;
            return watch;
        }
    }

    /// <summary>Ends one watcher's watch; exactly once for each <see cref="Begin"/>.</summary>
    public void End(Watch watch)
    {
        lock (_gate)
        {
            _parked--;
            // A watch that was taken has left the map; a newer one may stand in its place and must stay.
            if (--watch.Watchers == 0 && !watch.IsTaken) Remove(watch.Scope);
        }
    }

    /// <summary>Wakes who waits for one of the scopes, or for a prefix of a key among them.</summary>
    public void Wake(IReadOnlyCollection<Scope> touched)
    {
        List<Watch> woken = [];
        lock (_gate)
        {
            if (_watches.Count == 0) return;
            foreach (Scope scope in touched)
            {
                Take(scope, woken);
                if (scope.Kind != ScopeKind.Key) continue;
                // A key has few lengths at which somebody watches; only these prefixes can be watched.
                foreach (int length in _prefixLengths.Keys.ToArray())
                    if (length <= scope.Name.Length) Take(Scope.KeyPrefix(scope.Name[..length]), woken);
            }
        }

        foreach (Watch watch in woken) watch.Complete();
    }

    private void Take(Scope scope, List<Watch> woken)
    {
        if (!_watches.TryGetValue(scope, out Watch? watch)) return;
        Remove(scope);
        woken.Add(watch);
        watch.IsTaken = true;
    }

    private void Remove(Scope scope)
    {
        if (_watches.Remove(scope) && scope.Kind == ScopeKind.KeyPrefix) CountPrefix(scope.Name.Length, -1);
    }

    private void CountPrefix(int length, int by)
    {
        int count = _prefixLengths.GetValueOrDefault(length) + by;
        if (count == 0) _prefixLengths.Remove(length);
        else _prefixLengths[length] = count;
    }
}

/// <summary>One scope that somebody waits for, until it changes once.</summary>
internal sealed class Watch(Scope scope)
{
    private readonly TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Scope Scope => scope;

    /// <summary>Completes when the scope changes; stays complete.</summary>
    public Task Changed => _changed.Task;

    internal int Watchers { get; set; }

    internal bool IsTaken { get; set; }

    internal void Complete() => _changed.TrySetResult();
}
