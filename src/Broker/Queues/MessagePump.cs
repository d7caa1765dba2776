using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Queues;

/// <summary>
/// Hands a queue's messages out to its consumers, reading from the disk what is not in memory any more. Guarded by the queue's gate; it takes the
/// gate itself only when such a read has ended.
/// </summary>
internal sealed class MessagePump(Queue queue, Lock gate, QueueContents contents, ConsumerRing consumers) : IAsyncDisposable
{
    private readonly QueueServices _services = queue.Services;
    private readonly CancellationTokenSource _stop = new();
    private Task? _coldRead;
    private (MessageRef Ref, StoredMessage Message)? _lent;

    /// <summary>Hands out what can be handed out.</summary>
    /// <param name="nowMs">0 where nobody has looked at the clock yet; it is looked at only for a message that expires.</param>
    public void Run(long nowMs)
    {
        while (contents.Count > 0 && _coldRead is null)
        {
            QueueEntry entry = contents.Peek();
            if (entry.ExpiresAt != 0)
            {
                if (nowMs == 0) nowMs = _services.NowMs;
                if (entry.ExpiresAt < nowMs)
                {
                    contents.RemoveNext();
                    contents.Bury(entry, DeathReason.Expired);
                    continue;
                }
            }

            if (consumers.Claim() is not { } consumer) return;
            StoredMessage stored = default;
            if (entry.IsStored && !TryLend(entry.Ref, out stored))
            {
                consumer.GiveBackClaim();
                _coldRead = ReadThenRunAsync(entry.Ref);
                return;
            }

            contents.RemoveNext();
            Deliver(consumer, entry, stored);
        }
    }

    /// <summary>Not under the gate, which the end of a read needs.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? coldRead;
        lock (gate) coldRead = _coldRead;
        await _stop.CancelAsync();
        if (coldRead is not null) await coldRead;
        _stop.Dispose();
    }

    private void Deliver(Consumer consumer, in QueueEntry entry, StoredMessage stored)
    {
        queue.Stats.Count(consumer.NoAck ? Happening.DeliverNoAck : Happening.Deliver);
        if (entry.IsRedelivered) queue.Stats.Count(Happening.Redeliver);
        if (!consumer.NoAck)
        {
            consumer.Unacked++;
            contents.Unacked++;
        }

        if (entry.Memory is { } memory)
        {
            consumer.Deliver(entry, memory.Envelope, memory.Body);
            return;
        }

        consumer.Deliver(entry, stored.Envelope.Span, stored.Body.Span);
        stored.Dispose();
        if (consumer.NoAck) _services.Store.Settle(entry.Ref);
    }

    private bool TryLend(MessageRef message, out StoredMessage stored)
    {
        if (_lent is not { } lent || lent.Ref != message) return _services.Store.TryRead(message, out stored);
        _lent = null;
        stored = lent.Message;
        return true;
    }

    // The message stays at the front meanwhile; only one read is under way, and the store reads ahead for those behind it.
    private async Task ReadThenRunAsync(MessageRef message)
    {
        await Task.Yield(); // the caller holds the gate
        StoredMessage? read = null;
        Exception? failure = null;
        try
        {
            read = await _services.Store.ReadAsync(message, _stop.Token);
        }
        catch (Exception thrown)
        {
            failure = thrown;
        }

        lock (gate)
        {
            _coldRead = null;
            if (failure is StorageDamagedException && contents.Count > 0 && contents.Peek().Ref == message) contents.RemoveNext();
            _lent = read is { } lent ? (message, lent) : null;
            if (failure is null or StorageDamagedException) Run(0);
            _lent?.Message.Dispose();
            _lent = null;
        }

        if (failure is not null and not OperationCanceledException) _services.Failed(queue, failure);
    }
}
