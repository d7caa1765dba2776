using Quintet.Broker.Amqp;
using Quintet.Broker.Statistics;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Connections;

/// <summary>
/// The confirms of one channel. A message is answered when it and all before it are on disk in every durable queue it went to, so no answer
/// overtakes another; one ack answers everything that one sync covered. Told by the storage's writer thread and by the read loop.
/// </summary>
internal sealed class Confirms(Channel channel) : DurabilityWaiter
{
    private readonly Lock _gate = new();
    private readonly Queue<ulong> _refused = new();
    private ulong _accepted;
    private ulong _lastStored;
    private ulong _durable;
    private ulong _answered;
    private bool _isEnded;

    /// <summary>The number of the message being published; only the read loop looks.</summary>
    public ulong Published { get; private set; }

    public ulong Next() => ++Published;

    /// <summary>Published and neither acked nor nacked.</summary>
    public ulong Outstanding
    {
        get
        {
            lock (_gate) return Published - Math.Min(_answered, Published);
        }
    }

    /// <summary>The message of that number is in its queues, or in none. Answered by <see cref="Answer"/> or with the next sync.</summary>
    public void Accept(ulong number, bool isStored, bool isRefused)
    {
        lock (_gate)
        {
            _accepted = number;
            if (isStored) _lastStored = number;
            if (isRefused) _refused.Enqueue(number);
        }
    }

    public override void Durable(ulong highestTag)
    {
        lock (_gate)
        {
            _durable = Math.Max(_durable, highestTag); // a duplicate is told by another thread than the storage's
            AnswerLocked();
        }
    }

    /// <summary>Answers what waits for no disk. Called once after each batch of frames.</summary>
    public void Answer()
    {
        lock (_gate) AnswerLocked();
    }

    /// <summary>The channel is closed: its number may be another's by the time the storage is done.</summary>
    public void End()
    {
        lock (_gate) _isEnded = true;
    }

    private void AnswerLocked()
    {
        if (_isEnded) return;

        // The storage may be done before the read loop has noted the message.
        ulong upTo = _lastStored <= _durable ? _accepted : Math.Min(_durable, _accepted);
        if (upTo <= _answered) return;

        FrameBuffer output = channel.Outgoing.Lock();
        try
        {
            while (_refused.TryPeek(out ulong refused) && refused <= upTo)
            {
                _refused.Dequeue();
                AckLocked(output, refused - 1);
                ContentFrames.Nack(output, channel.Number, refused);
                _answered = refused;
            }

            AckLocked(output, upTo);
        }
        finally
        {
            channel.Outgoing.Unlock();
        }
    }

    private void AckLocked(FrameBuffer output, ulong upTo)
    {
        if (upTo <= _answered) return;
        ContentFrames.Ack(output, channel.Number, upTo, multiple: upTo - _answered > 1);
        channel.Stats.Count(Happening.Confirm, (long)(upTo - _answered));
        _answered = upTo;
    }
}
