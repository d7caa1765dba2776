using System.Text;
using Quintet.Broker.Amqp;
using Quintet.Hosting.Telemetry;

namespace Quintet.Broker.Queues;

/// <summary>Who takes messages from a queue. The queue calls it under its gate, so nothing here may call back into a queue.</summary>
internal abstract class Consumer(Queue queue, string tag, bool noAck)
{
    public Queue Queue { get; } = queue;

    public string Tag { get; } = tag;

    public byte[] TagOctets { get; } = Encoding.UTF8.GetBytes(tag);

    public bool NoAck { get; } = noAck;

    /// <summary>Of basic.consume.</summary>
    public FieldTable Arguments { get; init; } = FieldTable.Empty;

    public bool IsExclusive { get; init; }

    public int Priority { get; init; }

    /// <summary>Most messages out at a time, 0 for no limit (basic.qos, per consumer).</summary>
    public ushort Prefetch { get; init; }

    /// <summary>Guarded by the queue's gate; of a consumer of a stream, by that of its cursor.</summary>
    public int Unacked { get; set; }

    /// <summary>It may have room again.</summary>
    public void Pump() => Queue.Pump(this);

    /// <summary>Claims a delivery; a claim not used must be given back.</summary>
    public abstract bool TryClaim();

    public abstract void GiveBackClaim();

    /// <summary>Copies the message to where it is sent from; what it borrows ends with the call.</summary>
    public abstract void Deliver(in QueueEntry entry, ReadOnlySpan<byte> borrowedEnvelope, ReadOnlySpan<byte> borrowedBody);

    /// <summary>The queue is gone: the client is told if it wants to know.</summary>
    public abstract void EndedByServer();
}

/// <summary>A message that a client has and has not settled.</summary>
/// <param name="DeliveryTag">Its tag on the channel.</param>
/// <param name="Queue">Where it belongs.</param>
/// <param name="Consumer">Who has it; null after basic.get.</param>
/// <param name="Entry">Its place.</param>
internal readonly record struct UnackedMessage(ulong DeliveryTag, Queue Queue, Consumer? Consumer, QueueEntry Entry)
{
    /// <summary>The hop of its delivery, where that was noted.</summary>
    public Hop? Noted { get; init; }
}
