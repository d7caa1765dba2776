using System.Collections.Concurrent;
using System.Text;
using Quintet.Broker.Queues;

namespace Quintet.Broker.Connections;

/// <summary>
/// Direct reply-to: who consumes from <c>amq.rabbitmq.reply-to</c> gets an address of its own, requests carry it, and answers sent to it through
/// the default exchange go straight to the asking channel: no queue, no storage, at most once. Thread-safe.
/// </summary>
internal sealed class DirectReplies
{
    /// <summary>The name that stands for "my address", in consume, in declare and in the property reply_to.</summary>
    public const string PseudoQueue = "amq.rabbitmq.reply-to";

    private readonly ConcurrentDictionary<(string Vhost, string Address), ReplyConsumer> _byAddress = [];

    public static bool IsPseudoQueue(ReadOnlySpan<byte> name) => name.SequenceEqual("amq.rabbitmq.reply-to"u8);

    public static bool IsAddress(ReadOnlySpan<char> name) => name.StartsWith(PseudoQueue + ".", StringComparison.Ordinal);

    /// <summary>Makes the channel's address.</summary>
    public ReplyConsumer Open(Channel channel, string tag)
    {
        ReplyConsumer consumer = new(channel, tag, ServerNames.Reply());
        _byAddress[(channel.Vhost.Name, consumer.Address)] = consumer;
        return consumer;
    }

    public void Close(ReplyConsumer consumer) => _byAddress.TryRemove((consumer.Channel.Vhost.Name, consumer.Address), out _);

    /// <summary>True for the pseudo-queue and for an address that is in use: to who declares it, it is a queue with one consumer.</summary>
    public bool IsThere(string vhost, string name) => name == PseudoQueue || (IsAddress(name) && _byAddress.ContainsKey((vhost, name)));

    /// <summary>Hands an answer to who asked; false when that one is gone, or reads too slowly to be given more.</summary>
    public bool TryDeliver(string vhost, in Envelope envelope, ReadOnlySpan<byte> borrowedBody) =>
        _byAddress.TryGetValue((vhost, Encoding.UTF8.GetString(envelope.RoutingKey)), out ReplyConsumer? consumer)
        && consumer.Channel.TryDeliverReply(consumer, envelope, borrowedBody);
}

/// <summary>A channel's consumer of answers; there is at most one.</summary>
internal sealed record ReplyConsumer(Channel Channel, string Tag, string Address)
{
    public byte[] TagOctets { get; } = Encoding.UTF8.GetBytes(Tag);

    public byte[] AddressOctets { get; } = Encoding.UTF8.GetBytes(Address);
}
