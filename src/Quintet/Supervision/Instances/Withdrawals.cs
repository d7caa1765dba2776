namespace Quintet.Supervision.Instances;

/// <summary>
/// Takes ended instances out of the registry. What the registry does not answer is tried again in the background until it does, so that one
/// which is away for a moment does not keep an instance that never comes back. Whoever registers the same id anew ends the trying first.
/// </summary>
internal sealed class Withdrawals(RegistryView view, SupervisionOptions options, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Pending> _pending = [];
    private bool _isClosed;

    /// <summary>How many the registry has not taken yet.</summary>
    public int Count
    {
        get { lock (_gate) return _pending.Count; }
    }

    /// <summary>Removes the instance now, or as soon as the registry answers.</summary>
    /// <returns>Whether it is out already.</returns>
    public async Task<bool> WithdrawAsync(string instance)
    {
        await EndAsync(instance);
        if (await view.DeregisterAsync(instance, CancellationToken.None)) return true;
        lock (_gate)
        {
            if (_isClosed) return false;
            CancellationTokenSource ending = new();
            _pending[instance] = new Pending(ending, Task.Run(() => RetryAsync(instance, ending.Token), CancellationToken.None));
        }

        return false;
    }

    /// <summary>The id is somebody's again: stops removing it, and returns when no call for it is under way.</summary>
    public async Task EndAsync(string instance)
    {
        Pending? pending;
        lock (_gate) _pending.Remove(instance, out pending);
        if (pending is not null) await pending.EndAsync();
    }

    /// <summary>Lets what is left go on for a last while; nothing is begun any more.</summary>
    public async Task CloseAsync(TimeSpan limit)
    {
        Task[] left;
        lock (_gate)
        {
            _isClosed = true;
            left = [.. _pending.Values.Select(p => p.Retrying)];
        }

        try
        {
            await Task.WhenAll(left).WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            GiveUp();
        }
    }

    /// <summary>Stops trying at once.</summary>
    public void GiveUp()
    {
        lock (_gate)
        {
            _isClosed = true;
            foreach (Pending pending in _pending.Values) pending.Ending.Cancel();
        }
    }

    public async ValueTask DisposeAsync()
    {
        GiveUp();
        string[] instances;
        lock (_gate) instances = [.. _pending.Keys];
        foreach (string instance in instances) await EndAsync(instance);
    }

    private async Task RetryAsync(string instance, CancellationToken ending)
    {
        TimeSpan wait = options.WithdrawFirst;
        try
        {
            do
            {
                await Task.Delay(wait * (0.5 + Random.Shared.NextDouble()), time, ending);
                wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, options.WithdrawMax.Ticks));
            }
            while (!await view.DeregisterAsync(instance, ending));
        }
        catch (OperationCanceledException)
        {
            return; // whoever ended it has taken it off the list
        }

        lock (_gate)
            if (_pending.TryGetValue(instance, out Pending? own) && own.Ending.Token == ending && _pending.Remove(instance)) own.Ending.Dispose();
    }

    private sealed record Pending(CancellationTokenSource Ending, Task Retrying)
    {
        public async Task EndAsync()
        {
            await Ending.CancelAsync();
            await Retrying;
            Ending.Dispose();
        }
    }
}
