using Quintet.Broker.Queues;

namespace Quintet.Broker.Connections.Consumers;

/// <summary>
/// How old the deliveries of a channel are, without a clock at each: now and then the highest delivery tag is noted, and what was delivered by then is
/// at least that old. Never older than it is, so nobody is cut off early; some two intervals late at most. Guarded by the channel's gate.
/// </summary>
internal sealed class DeliveryAges(Lock gate, UnackedMessages unacked)
{
    // Above this every second note is dropped: ages get coarser, and no channel keeps more.
    private const int NotesMax = 1024;

    private readonly List<(TimeSpan At, ulong Tag)> _notes = [];

    /// <summary>The first delivery that is out for longer than its queue allows.</summary>
    /// <param name="now">By a steady clock.</param>
    /// <param name="timeoutOf">How long a queue's deliveries may be out; null for ever. Called under the gate.</param>
    public UnackedMessage? FindOverdue(TimeSpan now, Func<Queue, TimeSpan?> timeoutOf)
    {
        lock (gate)
        {
            Note(now, unacked.LastTag);
            return unacked.Find(
                HighestBy(now), message => timeoutOf(message.Queue) is { } timeout && message.DeliveryTag <= HighestBy(now - timeout));
        }
    }

    /// <summary>False when it was settled meanwhile.</summary>
    public bool IsOut(ulong tag)
    {
        lock (gate) return unacked.Find(tag, message => message.DeliveryTag == tag) is not null;
    }

    /// <summary>All deliveries are as young as can be: the client could not have settled them.</summary>
    public void Forget()
    {
        lock (gate) _notes.Clear();
    }

    private void Note(TimeSpan now, ulong highestTag)
    {
        if (_notes.Count > 0 && _notes[^1].Tag == highestTag) return;
        if (_notes.Count == NotesMax)
            for (int index = NotesMax - 1; index > 0; index -= 2) _notes.RemoveAt(index);
        _notes.Add((now, highestTag));
    }

    // The highest tag that is known to have been delivered by then; 0 for none.
    private ulong HighestBy(TimeSpan then)
    {
        int low = 0, high = _notes.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (_notes[middle].At <= then) low = middle + 1;
            else high = middle - 1;
        }

        return high < 0 ? 0 : _notes[high].Tag;
    }
}
