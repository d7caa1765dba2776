using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Quintet.Registry.Checks;

/// <summary>
/// What is timed about checks and need not survive: when each was last heard, and since when it is critical. Monotonic time.
/// </summary>
internal sealed class CheckClocks(TimeProvider time, IOptions<RegistryOptions> options)
{
    private readonly ConcurrentDictionary<string, long> _heard = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _critical = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _raised = new(StringComparer.Ordinal);

    /// <summary>The check was heard of now.</summary>
    public void Beat(string checkId) => _heard[checkId] = time.GetTimestamp();

    /// <summary>How long ago the check was heard of; begins now when it never was.</summary>
    public TimeSpan SinceHeard(string checkId) => time.GetElapsedTime(_heard.GetOrAdd(checkId, _ => time.GetTimestamp()));

    /// <summary>Notes whether the check is critical; the first note of a critical check begins its time.</summary>
    public void NoteCritical(string checkId, bool isCritical)
    {
        if (isCritical) _critical.TryAdd(checkId, time.GetTimestamp());
        else _critical.TryRemove(checkId, out _);
    }

    /// <summary>How long the check has been critical; zero when it is not.</summary>
    public TimeSpan SinceCritical(string checkId) =>
        _critical.TryGetValue(checkId, out long since) ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Whether an output may move the index again; a yes starts the next interval.</summary>
    public bool MayRaiseOutput(string checkId)
    {
        long last = _raised.GetOrAdd(checkId, _ => time.GetTimestamp());
        if (time.GetElapsedTime(last) < options.Value.Checks.OutputInterval) return false;
        _raised[checkId] = time.GetTimestamp();
        return true;
    }

    public void Forget(string checkId)
    {
        _heard.TryRemove(checkId, out _);
        _critical.TryRemove(checkId, out _);
        _raised.TryRemove(checkId, out _);
    }
}
