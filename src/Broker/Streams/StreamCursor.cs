using Quintet.Broker.Queues;
using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Streams;

namespace Quintet.Broker.Streams;

/// <summary>
/// One consumer's way through a stream. It is woken when there may be something to do (a message, credit, room in the connection) and then runs on
/// the thread pool, never twice at once, until one of the three is used up. So a consumer that is slow holds up nobody.
/// </summary>
internal sealed class StreamCursor(StreamQueue stream, Consumer consumer, EntryReader reader, StreamFilter? filter) : IThreadPoolWorkItem
{
    // Then others have their turn on the thread.
    private const int DeliveriesAtOnce = 256;
    private const int PassedOverAtOnce = 4096;

    private readonly Lock _gate = new();
    // Guarded by _gate, as is the consumer's count of what is out.
    private bool _isRunning;
    private bool _isWoken;
    private bool _isEnded;

    public Consumer Consumer => consumer;

    public void Wake()
    {
        lock (_gate)
        {
            if (_isEnded) return;
            _isWoken = true;
            if (_isRunning || consumer.Unacked >= consumer.Prefetch) return;
            _isRunning = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>The client has settled so many, no matter how.</summary>
    public void Credit(int messages)
    {
        lock (_gate) consumer.Unacked -= messages;
        Wake();
    }

    /// <summary>Nothing is delivered after this returns.</summary>
    public void End()
    {
        bool isRunning;
        lock (_gate) (isRunning, _isEnded) = (_isRunning, true);
        if (!isRunning) reader.End();
    }

    void IThreadPoolWorkItem.Execute()
    {
        int delivered = 0;
        Step step = Step.Delivered;
        try
        {
            while (delivered < DeliveriesAtOnce && (step = TakeStep()) == Step.Delivered) delivered++;
        }
        catch (StorageDamagedException damage)
        {
            reader.SkipDamage();
            stream.Services.Failed(stream, damage);
            step = Step.PassedOver;
        }
        catch (Exception failure)
        {
            // Not to be read at the moment; the consumer is told that it gets no more, rather than left waiting.
            stream.Services.Failed(stream, failure);
            stream.Abandon(this);
            step = Step.None;
        }

        stream.CountDelivered(delivered);
        Leave(isMoreLikely: step != Step.None);
    }

    private Step TakeStep()
    {
        lock (_gate)
        {
            _isWoken = false; // before looking: who wakes it from here on has something new
            if (_isEnded || consumer.Unacked >= consumer.Prefetch) return Step.None;
        }

        if (!consumer.TryClaim()) return Step.None;
        Step step = Step.None;
        try
        {
            int passedOver = 0;
            while (reader.TryNext(out StreamEntry entry))
            {
                if (filter is not null && !filter.Matches(entry.FilterValue))
                {
                    if (++passedOver == PassedOverAtOnce) return step = Step.PassedOver;
                    continue;
                }

                lock (_gate)
                {
                    if (_isEnded) return step;
                    consumer.Unacked++;
                    QueueEntry place = new() { Position = (ulong)entry.Offset, BodyBytes = entry.Body.Length };
                    consumer.Deliver(place, entry.Envelope, entry.Body);
                }

                return step = Step.Delivered;
            }

            return step;
        }
        finally
        {
            if (step != Step.Delivered) consumer.GiveBackClaim();
        }
    }

    private void Leave(bool isMoreLikely)
    {
        if (!isMoreLikely) reader.Rest();
        lock (_gate)
        {
            if (!_isEnded && (isMoreLikely || _isWoken))
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }

            _isRunning = false;
            if (!_isEnded) return;
        }

        reader.End();
    }

    private enum Step
    {
        /// <summary>Nothing to do until it is woken.</summary>
        None,
        Delivered,

        /// <summary>Went on without a delivery: there may be more.</summary>
        PassedOver,
    }
}
