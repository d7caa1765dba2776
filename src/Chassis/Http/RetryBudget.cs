namespace Quintet.Chassis.Http;

/// <summary>
/// Bounds retries to a share of the calls, so that a service in trouble is not buried by its callers: each call earns a tenth of a retry,
/// and at most ten are saved. Safe for several threads.
/// </summary>
internal sealed class RetryBudget
{
    private const double EarnedByCall = 0.1;
    private const double SavedMax = 10;
    private readonly Lock _gate = new();
    private double _saved = SavedMax; // guarded by _gate

    public void Earn()
    {
        lock (_gate) _saved = Math.Min(SavedMax, _saved + EarnedByCall);
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
