namespace Quintet.Chassis.Calls;

/// <summary>
/// Bounds retries to a share of the calls, so that a service in trouble is not buried by its callers: each call earns <paramref name="share"/> of
/// a retry, and at most <paramref name="burst"/> are saved. Safe for several threads.
/// </summary>
internal sealed class RetryBudget(double share, int burst)
{
    private readonly Lock _gate = new();
    private double _saved = burst; // guarded by _gate

    public void Earn()
    {
        lock (_gate) _saved = Math.Min(burst, _saved + share);
    }

    public bool TrySpend()
    {
        lock (_gate)
        {
            if (_saved < 1) return false;
            _saved -= 1;
            return true;
        }
    }
}
