namespace Quintet.Chassis.Loops;

/// <summary>How long a background loop waits after a failure: doubling from 100 ms, and never in step with other processes.</summary>
internal static class Backoff
{
    private const double FirstMilliseconds = 100;

    public static async Task DelayAsync(int failures, TimeSpan max, TimeProvider time, CancellationToken stopping)
    {
        double limit = Math.Min(max.TotalMilliseconds, FirstMilliseconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 20)));
        await DelayAsync(TimeSpan.FromMilliseconds(limit * (0.5 + Random.Shared.NextDouble() / 2)), time, stopping);
    }

    /// <summary>Waits, or returns early when asked to stop.</summary>
    public static async Task DelayAsync(TimeSpan wait, TimeProvider time, CancellationToken stopping)
    {
        try
        {
            await Task.Delay(wait, time, stopping);
        }
        catch (OperationCanceledException)
        {
            // The loop looks at its token next.
        }
    }
}
