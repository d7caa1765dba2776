using Quintet.Broker.Amqp;
using Quintet.Broker.Policies;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology.Declarations;

namespace Quintet.Broker.Topology;

/// <summary>
/// What holds for a queue that has arguments and policies: of two times or lengths the smaller, of all else the argument; only with the overflow
/// of a quorum queue the policy goes first. RabbitMQ's rules.
/// </summary>
internal static class PolicyMerge
{
    public static PolicyTarget TargetOf(QueueSettings queue) => new(IsQueue: true, queue.Type, queue.Name);

    public static PolicyTarget TargetOf(ExchangeSettings exchange) => new(IsQueue: false, "", exchange.Name);

    /// <param name="declared">With its arguments understood, and no policy laid on it.</param>
    /// <param name="policy">What matches it.</param>
    public static QueueSettings Lay(QueueSettings declared, EffectivePolicy policy)
    {
        FieldTable given = policy.Definition;
        if (given.Count == 0) return declared with { Policy = policy };
        FieldTable arguments = declared.Arguments;
        string? overflow = declared.IsQuorum
            ? given.Text("overflow") ?? arguments.Text("x-overflow")
            : arguments.Text("x-overflow") ?? given.Text("overflow");
        QueueSettings laid = declared with
        {
            Policy = policy,
            MessageTtlMs = Smaller(declared.MessageTtlMs, given.Integer("message-ttl")),
            ExpiresMs = Smaller(declared.ExpiresMs, given.Integer("expires")),
            ConsumerTimeoutMs = Smaller(declared.ConsumerTimeoutMs, given.Integer("consumer-timeout")),
            LengthMax = Smaller(declared.LengthMax, given.Integer("max-length")),
            MessageAgeMax = Smaller(declared.MessageAgeMax, QueueArguments.AgeOf(given.Text("max-age"))),
            StreamFileBytes = declared.StreamFileBytes ?? given.Integer("stream-max-segment-size-bytes"),
            LengthBytesMax = Smaller(declared.LengthBytesMax, given.Integer("max-length-bytes")),
            Overflow = QueueArguments.OverflowOf(overflow, declared.Kind),
            DeliveryLimit = declared.IsQuorum
                ? QueueArguments.DeliveryLimitOf(DeliveryLimit(arguments.Integer("x-delivery-limit"), given.Integer("delivery-limit")))
                : null,
        };
        return laid with { DeadLetter = DeadLetterOf(laid, given) };
    }

    private static DeadLetterPolicy? DeadLetterOf(QueueSettings queue, FieldTable given)
    {
        string? Of(string name) => queue.Arguments.Text("x-" + name) ?? given.Text(name);
        return Of("dead-letter-exchange") is { } exchange
            ? new DeadLetterPolicy(
                exchange, Of("dead-letter-routing-key"), QueueArguments.IsAtLeastOnce(Of("dead-letter-strategy"), queue.Overflow))
            : null;
    }

    // Below zero is no limit, and that goes before any.
    private static long? DeliveryLimit(long? argument, long? given) => argument < 0 || given < 0
        ? Math.Max(argument ?? long.MinValue, given ?? long.MinValue)
        : Smaller(argument, given);

    private static TimeSpan? Smaller(TimeSpan? left, TimeSpan? right) => left is null ? right : right is null || left < right ? left : right;

    private static long? Smaller(long? left, long? right) => left is null ? right : right is null ? left : Math.Min(left.Value, right.Value);
}
