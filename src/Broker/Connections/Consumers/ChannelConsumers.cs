using Quintet.Broker.Amqp;

namespace Quintet.Broker.Connections.Consumers;

/// <summary>The consumers of a channel by their tags. Thread-safe: a queue that ends takes its consumers off from outside.</summary>
internal sealed class ChannelConsumers(int most)
{
    private readonly Dictionary<string, ChannelConsumer> _byTag = new(StringComparer.Ordinal);
    private uint _firstPumped;

    public IReadOnlyList<ChannelConsumer> All
    {
        get
        {
            lock (_byTag) return [.. _byTag.Values];
        }
    }

    public bool Has(string tag)
    {
        lock (_byTag) return _byTag.ContainsKey(tag);
    }

    /// <exception cref="AmqpException">530, as RabbitMQ above its consumer_max_per_channel.</exception>
    public void RequireRoom()
    {
        lock (_byTag)
            if (_byTag.Count >= most) throw new AmqpException(ReplyCode.NotAllowed, $"reached maximum ({most}) of consumers per channel");
    }

    public void Add(ChannelConsumer consumer)
    {
        lock (_byTag) _byTag[consumer.Tag] = consumer;
    }

    public ChannelConsumer? Take(string tag)
    {
        lock (_byTag) return _byTag.Remove(tag, out ChannelConsumer? consumer) ? consumer : null;
    }

    /// <summary>Has their queues hand out what they can. Each time another one is first: of room for one, every queue gets some.</summary>
    public void PumpQueues()
    {
        IReadOnlyList<ChannelConsumer> consumers = All;
        uint first = _firstPumped++;
        for (int i = 0; i < consumers.Count; i++) consumers[(int)((first + (uint)i) % (uint)consumers.Count)].Pump();
    }
}
