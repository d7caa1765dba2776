using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Management.Messages;

/// <summary>
/// The timestamps in the messages that are next in their queues, read once for each such message: <c>head_message_timestamp</c> of RabbitMQ's
/// classic queues, here of quorum queues, too. Null where the publisher set none.
/// </summary>
internal sealed class HeadTimestamps
{
    private readonly ConditionalWeakTable<Queue, Head> _heads = [];

    /// <summary>As it was looked at last.</summary>
    public long? Of(Queue queue) => _heads.TryGetValue(queue, out Head? head) ? head.Seconds : null;

    public async Task LookAsync(IEnumerable<Queue> queues, CancellationToken stop)
    {
        foreach (Queue queue in queues)
        {
            if (!queue.TryPeek(out QueueEntry entry)) _heads.Remove(queue);
            else if (!_heads.TryGetValue(queue, out Head? known) || !known.IsOf(entry))
                _heads.AddOrUpdate(queue, new Head(entry.Ref, entry.Memory, await ReadAsync(queue, entry, stop)));
        }
    }

    private static async ValueTask<long?> ReadAsync(Queue queue, QueueEntry entry, CancellationToken stop)
    {
        if (entry.Memory is { } memory) return SecondsIn(memory.Envelope);
        try
        {
            using StoredMessage stored = await queue.ReadAsync(entry.Ref, stop);
            return SecondsIn(stored.Envelope.Span);
        }
        catch (IOException)
        {
            // Somebody took and settled it meanwhile, or it cannot be read, which whoever consumes it is told: the list of queues does not need it.
            return null;
        }
    }

    private static long? SecondsIn(ReadOnlySpan<byte> envelope) =>
        BasicProperties.TryParse(new Envelope(envelope).Properties, out BasicProperties properties)
            && properties.Raw("timestamp") is { Length: sizeof(long) } seconds
                ? BinaryPrimitives.ReadInt64BigEndian(seconds)
                : null;

    private sealed record Head(MessageRef Ref, MemoryMessage? Memory, long? Seconds)
    {
        public bool IsOf(in QueueEntry entry) => ReferenceEquals(Memory, entry.Memory) && (Memory is not null || Ref == entry.Ref);
    }
}
