namespace Quintet.Registry.Storage;

/// <summary>
/// Keys that were taken from a session lately and may not be locked yet. In memory and in monotonic time, as Consul keeps them: after a
/// restart a key may be locked at once. Only the writer's thread touches it.
/// </summary>
internal sealed class LockDelays(TimeProvider time)
{
    private readonly Dictionary<string, (long From, TimeSpan For)> _delays = [];

    public void Begin(string key, TimeSpan delay)
    {
        foreach (string over in _delays.Where(pair => time.GetElapsedTime(pair.Value.From) >= pair.Value.For).Select(pair => pair.Key).ToArray())
            _delays.Remove(over);
        _delays[key] = (time.GetTimestamp(), delay);
    }

    public bool Forbids(string key) =>
        _delays.TryGetValue(key, out (long From, TimeSpan For) delay) && time.GetElapsedTime(delay.From) < delay.For;
}
