using System.Runtime.InteropServices;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Queues;

/// <summary>Tells the store which copies are done with, many at a time.</summary>
internal static class Settlement
{
    private const int AtOnce = 128;

    public static void Settle(MessageStore store, ReadOnlySpan<UnackedMessage> messages)
    {
        Span<MessageRef> refs = stackalloc MessageRef[Math.Min(AtOnce, messages.Length)];
        int count = 0;
        foreach (ref readonly UnackedMessage message in messages)
        {
            if (!message.Entry.IsStored) continue;
            refs[count++] = message.Entry.Ref;
            if (count < AtOnce) continue;
            store.Settle(refs);
            count = 0;
        }

        if (count > 0) store.Settle(refs[..count]);
    }

    public static void Settle(MessageStore store, List<QueueEntry> entries)
    {
        List<MessageRef> refs = [.. entries.Where(entry => entry.IsStored).Select(entry => entry.Ref)];
        refs.Sort(); // in order they are written down as ranges
        if (refs.Count > 0) store.Settle(CollectionsMarshal.AsSpan(refs));
    }
}

/// <summary>What a client decides about a message.</summary>
internal enum Resolution
{
    Ack,
    Reject,
    Requeue,
}
