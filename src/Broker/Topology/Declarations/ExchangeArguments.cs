using Quintet.Broker.Amqp;
using Quintet.Broker.Topology.Deduplication;
using Quintet.Broker.Topology.Delays;
using Quintet.Broker.Topology.Hashing;

namespace Quintet.Broker.Topology.Declarations;

/// <summary>Refuses, with RabbitMQ's words, exchanges that it would refuse.</summary>
internal static class ExchangeArguments
{
    /// <summary>Refuses a declaration that differs from the exchange that is there.</summary>
    public static void CheckEquivalent(ExchangeSettings current, ExchangeSettings received)
    {
        ArgumentEquivalence.Text("type", current.Described, received.Type, current.Type);
        ArgumentEquivalence.Flag("durable", current.Described, received.IsDurable, current.IsDurable);
        ArgumentEquivalence.Flag("auto_delete", current.Described, received.IsAutoDelete, current.IsAutoDelete);
        ArgumentEquivalence.Flag("internal", current.Described, received.IsInternal, current.IsInternal);
        ArgumentEquivalence.Argument("alternate-exchange", current.Described, received.Arguments, current.Arguments);
    }

    /// <param name="declared">What is declared.</param>
    /// <param name="deduplicationKeysMax">So many keys may an exchange remember; null where that is looked at later.</param>
    /// <exception cref="AmqpException">406.</exception>
    public static void Check(ExchangeSettings declared, int? deduplicationKeysMax = null)
    {
        if (declared.Type.Length == 0) throw new AmqpException(ReplyCode.PreconditionFailed, "invalid exchange type ''");
        if (declared.Type == DelayedExchange.TypeName) DelayedExchange.Check(declared);
        if (ExchangeTypes.Find(ExchangeTypes.Routing(declared)) is null)
            throw new AmqpException(ReplyCode.PreconditionFailed, $"unknown exchange type '{ExchangeTypes.Routing(declared)}'");
        if (ExchangeTypes.Routing(declared) == DeduplicationExchange.TypeName)
            DeduplicationExchange.Check(declared, deduplicationKeysMax ?? int.MaxValue);
        if (ExchangeTypes.Routing(declared) == "x-consistent-hash") ConsistentHashExchange.Check(declared);
        if (declared.Arguments.TryGet("alternate-exchange", out FieldValue alternate) && alternate.Kind != FieldKind.LongString)
            throw new AmqpException(
                ReplyCode.PreconditionFailed, $"invalid type '{alternate.KindName}' for arg 'alternate-exchange' in {declared.Described}");
    }
}
