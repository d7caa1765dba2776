namespace Quintet.Chassis.Messaging;

/// <summary>
/// Event types that the broker returned because no queue is bound for them. They wait together, so that a type without a subscriber costs
/// one attempt now and then and not one for each of its events. Only the outbox loop touches it.
/// </summary>
internal sealed class HeldTypes(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(30);
    private readonly Dictionary<string, Held> _held = [];

    public IReadOnlyCollection<string> All => _held.Keys;

    /// <summary>The types of which one event may be tried again.</summary>
    public IReadOnlyList<string> Due() => [.. _held.Where(h => h.Value.Until <= time.GetUtcNow()).Select(h => h.Key)];

    /// <summary>Holds a type for a while, twice as long as the last time.</summary>
    /// <returns>Whether it is new.</returns>
    public bool Hold(string type)
    {
        bool isNew = !_held.TryGetValue(type, out Held? before);
        TimeSpan wait = isNew ? First : TimeSpan.FromTicks(Math.Min(Max.Ticks, before!.Wait.Ticks * 2));
        _held[type] = new Held(time.GetUtcNow() + wait, wait);
        return isNew;
    }

    public void Release(string type) => _held.Remove(type);

    private sealed record Held(DateTimeOffset Until, TimeSpan Wait);
}
