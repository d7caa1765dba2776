using Quintet.Broker.Queues;

namespace Quintet.Broker.Connections;

/// <summary>A consumer on a channel.</summary>
internal sealed class ChannelConsumer(Channel channel, Queue queue, string tag, bool noAck) : Consumer(queue, tag, noAck)
{
    private volatile bool _isStarted;

    public Channel Channel => channel;

    /// <summary>From here on it takes messages: consume-ok has been sent, and must come first.</summary>
    public void Start() => _isStarted = true;

    /// <summary>Takes no more; what it has stays with the channel.</summary>
    public void Stop() => _isStarted = false;

    public override bool TryClaim() => _isStarted && channel.Outgoing.HasRoom() && (NoAck ? channel.HasGlobalRoom : channel.TryClaim());

    public override void GiveBackClaim()
    {
        if (!NoAck) channel.GiveBackClaim();
    }

    public override void Deliver(in QueueEntry entry, ReadOnlySpan<byte> borrowedEnvelope, ReadOnlySpan<byte> borrowedBody) =>
        channel.Deliver(this, entry, borrowedEnvelope, borrowedBody);

    public override void EndedByServer() => channel.ConsumerEnded(this);
}
