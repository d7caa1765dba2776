using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Streams;

namespace Quintet.Broker.Topology.Declarations;

/// <summary>Understands the arguments of queue.declare, and refuses with RabbitMQ's words what it would refuse.</summary>
internal static class QueueArguments
{
    /// <summary>RabbitMQ 4's default for quorum queues: after 20 returns a message is a poison message.</summary>
    public const int DeliveryLimitDefault = 20;

    // Ten years, RabbitMQ's bound for times in milliseconds.
    private const long TimeMsMax = 315_360_000_000;

    /// <summary>What is compared when a queue is declared again; anything else may differ.</summary>
    private static readonly string[] Compared =
    [
        "x-expires", "x-message-ttl", "x-dead-letter-exchange", "x-dead-letter-routing-key", "x-dead-letter-strategy", "x-max-length",
        "x-max-length-bytes", "x-overflow", "x-delivery-limit", "x-max-in-memory-length", "x-max-in-memory-bytes", "x-max-priority",
        "x-queue-mode", "x-queue-version", "x-single-active-consumer", "x-queue-master-locator", "x-queue-leader-locator",
        "x-quorum-initial-group-size", "x-max-age", "x-stream-max-segment-size-bytes", "x-initial-cluster-size",
    ];

    private static readonly string[] UnknownToClassic =
    [
        "x-dead-letter-strategy", "x-delivery-limit", "x-quorum-initial-group-size", "x-max-in-memory-length", "x-max-in-memory-bytes",
        "x-initial-cluster-size", "x-max-age", "x-stream-max-segment-size-bytes",
    ];

    private static readonly string[] UnknownToQuorum =
    [
        "x-max-priority", "x-queue-mode", "x-queue-version", "x-queue-master-locator", "x-initial-cluster-size", "x-max-age",
        "x-stream-max-segment-size-bytes",
    ];

    private static readonly string[] UnknownToStream =
    [
        "x-message-ttl", "x-expires", "x-max-length", "x-overflow", "x-dead-letter-exchange", "x-dead-letter-routing-key", "x-dead-letter-strategy",
        "x-max-priority", "x-queue-mode", "x-queue-version", "x-single-active-consumer", "x-delivery-limit", "x-queue-master-locator",
        "x-quorum-initial-group-size", "x-max-in-memory-length", "x-max-in-memory-bytes",
    ];

    /// <summary>Refuses a declaration that differs from the queue that is there.</summary>
    public static void CheckEquivalent(QueueSettings current, QueueSettings received)
    {
        ArgumentEquivalence.Flag("durable", current.Described, received.IsDurable, current.IsDurable);
        ArgumentEquivalence.Flag("auto_delete", current.Described, received.IsAutoDelete, current.IsAutoDelete);
        ArgumentEquivalence.Text("x-queue-type", current.Described, TypeShown(received.Arguments), current.Type);
        foreach (string name in Compared) ArgumentEquivalence.Argument(name, current.Described, received.Arguments, current.Arguments);
    }

    /// <summary>The declared queue with its arguments understood.</summary>
    /// <exception cref="AmqpException">406.</exception>
    public static QueueSettings Understand(QueueSettings declared)
    {
        FieldTable arguments = declared.Arguments;
        QueueKind kind = KindOf(declared);
        if (arguments.TryGet("x-dead-letter-exchange", out FieldValue exchange) && exchange.Kind != FieldKind.LongString)
            throw new AmqpException(ReplyCode.PreconditionFailed,
                $"invalid type '{exchange.KindName}' for arg 'x-dead-letter-exchange' in {declared.Described}");
        RefuseUnknown(declared, kind);
        foreach ((string name, FieldValue value) in arguments) Check(declared, name, value);

        Overflow overflow = OverflowOf(arguments.Text("x-overflow"), kind);
        return declared with
        {
            Kind = kind,
            MessageTtlMs = arguments.Integer("x-message-ttl"),
            ExpiresMs = arguments.Integer("x-expires"),
            LengthMax = arguments.Integer("x-max-length"),
            LengthBytesMax = arguments.Integer("x-max-length-bytes"),
            Overflow = overflow,
            DeadLetter = arguments.Text("x-dead-letter-exchange") is { } name1
                ? new DeadLetterPolicy(
                    name1, arguments.Text("x-dead-letter-routing-key"), IsAtLeastOnce(arguments.Text("x-dead-letter-strategy"), overflow))
                : null,
            DeliveryLimit = kind == QueueKind.Quorum ? DeliveryLimitOf(arguments.Integer("x-delivery-limit")) : null,
            PriorityMax = kind == QueueKind.Classic ? (int)(arguments.Integer("x-max-priority") ?? 0) : 0,
            MessageAgeMax = AgeOf(arguments.Text("x-max-age")),
            StreamFileBytes = arguments.Integer("x-stream-max-segment-size-bytes"),
            IsSingleActive = arguments.Flag("x-single-active-consumer"),
            ConsumerTimeoutMs = arguments.Integer("x-consumer-timeout") is >= 0 and var timeout ? timeout : null, // RabbitMQ takes any value
        };
    }

    private static QueueKind KindOf(QueueSettings declared)
    {
        if (!declared.Arguments.TryGet("x-queue-type", out FieldValue type)) return QueueKind.Classic;
        if (type.Kind != FieldKind.LongString) throw UnacceptableType(declared, "x-queue-type", type);
        return type.Text switch
        {
            "classic" => QueueKind.Classic,
            "quorum" => QueueKind.Quorum,
            "stream" => QueueKind.Stream,
            _ => throw Invalid(declared, "x-queue-type", $"\"unsupported queue type '{type.Text}'\""),
        };
    }

    private static void RefuseUnknown(QueueSettings declared, QueueKind kind)
    {
        string[] unknown = kind switch
        {
            QueueKind.Quorum => UnknownToQuorum,
            QueueKind.Stream => UnknownToStream,
            _ => UnknownToClassic,
        };
        foreach ((string name, _) in declared.Arguments)
            if (unknown.Contains(name))
                throw new AmqpException(
                    ReplyCode.PreconditionFailed,
                    $"invalid arg '{name}' for {declared.Described} of queue type rabbit_{(declared with { Kind = kind }).Type}_queue");
        if (kind == QueueKind.Classic) return;
        string? property = declared.IsExclusive ? "exclusive-owner" : declared.IsAutoDelete ? "auto-delete" : !declared.IsDurable ? "non-durable" : null;
        if (property is not null) throw new AmqpException(ReplyCode.PreconditionFailed, $"invalid property '{property}' for {declared.Described}");
    }

    private static void Check(QueueSettings declared, string name, FieldValue value)
    {
        switch (name)
        {
            case "x-message-ttl": CheckInteger(declared, name, value, 0, TimeMsMax, "value_too_large"); break;
            case "x-expires": CheckInteger(declared, name, value, 1, TimeMsMax, "value_too_large"); break;
            case "x-max-length" or "x-max-length-bytes" or "x-max-in-memory-length" or "x-max-in-memory-bytes":
                CheckInteger(declared, name, value, 0, long.MaxValue, "value_too_large");
                break;
            case "x-initial-cluster-size" or "x-stream-max-segment-size-bytes": CheckInteger(declared, name, value, 0, long.MaxValue); break;
            case "x-max-age": CheckAge(declared, name, value); break;
            case "x-stream-filter-size-bytes" when declared.Arguments.Text("x-queue-type") == "stream": CheckFilterSize(value); break;
            case "x-quorum-initial-group-size": CheckInteger(declared, name, value, 1, long.MaxValue, "value_too_large"); break;
            case "x-max-priority": CheckInteger(declared, name, value, 0, byte.MaxValue, "max_value_exceeded"); break;
            case "x-queue-version": CheckVersion(declared, value); break;
            case "x-overflow": CheckWord(declared, name, value, ["drop-head", "reject-publish", "reject-publish-dlx"], "invalid_overflow"); break;
            case "x-dead-letter-strategy": CheckWord(declared, name, value, ["at-most-once", "at-least-once"], "invalid_dlx_strategy"); break;
            case "x-queue-mode": CheckWord(declared, name, value, ["default", "lazy"], $"\"unsupported queue mode '{value.Text}'\""); break;
            case "x-queue-leader-locator": CheckWord(declared, name, value, ["client-local", "balanced"], "invalid_queue_locator_arg"); break;
            case "x-dead-letter-routing-key": CheckDeadLetterKey(declared, value); break;
            case "x-single-active-consumer" when value.Kind != FieldKind.Bool: throw UnacceptableType(declared, name, value);
            default: break;
        }
    }

    private static void CheckInteger(QueueSettings declared, string name, FieldValue value, long least, long most, string tooLarge = "value_too_large")
    {
        if (!value.IsInteger) throw Invalid(declared, name, $"\"expected integer, got {value.KindName}\"");
        if (value.Number < 0) throw Invalid(declared, name, $"{{value_negative,{value.Number}}}");
        if (value.Number < least) throw Invalid(declared, name, $"{{value_zero,{value.Number}}}");
        if (value.Number > most) throw Invalid(declared, name, $"{{{tooLarge},{value.Number}}}");
    }

    private static void CheckWord(QueueSettings declared, string name, FieldValue value, string[] known, string fault)
    {
        if (value.Kind != FieldKind.LongString) throw UnacceptableType(declared, name, value);
        if (!known.Contains(value.Text)) throw Invalid(declared, name, fault);
    }

    private static void CheckVersion(QueueSettings declared, FieldValue value)
    {
        if (!value.IsInteger) throw Invalid(declared, "x-queue-version", $"\"expected integer, got {value.KindName}\"");
        if (value.Number is not (1 or 2)) throw Invalid(declared, "x-queue-version", $"\"unsupported queue version '{value.Number}'\"");
    }

    private static void CheckAge(QueueSettings declared, string name, FieldValue value)
    {
        if (value.Kind != FieldKind.LongString) throw UnacceptableType(declared, name, value);
        if (!StreamAge.TryRead(value.Text!, out _))
            throw Invalid(declared, name, $"'{value.Text}' is no number followed by one of Y, M, D, h, m and s");
    }

    // The words are RabbitMQ's, with its two blanks.
    private static void CheckFilterSize(FieldValue value)
    {
        if (!value.IsInteger || value.Number is < 16 or > 255)
            throw new AmqpException(ReplyCode.PreconditionFailed, "Invalid value for  x-stream-filter-size-bytes");
    }

    private static void CheckDeadLetterKey(QueueSettings declared, FieldValue value)
    {
        if (value.Kind != FieldKind.LongString) throw UnacceptableType(declared, "x-dead-letter-routing-key", value);
        if (!declared.Arguments.TryGet("x-dead-letter-exchange", out _))
            throw Invalid(declared, "x-dead-letter-routing-key", "routing_key_but_no_dlx_defined");
    }

    // A quorum queue takes the word reject-publish-dlx and drops from the head all the same, as RabbitMQ's does.
    public static Overflow OverflowOf(string? word, QueueKind kind) => word switch
    {
        "reject-publish" => Overflow.RejectPublish,
        "reject-publish-dlx" when kind == QueueKind.Classic => Overflow.RejectPublishDeadLetter,
        _ => Overflow.DropHead,
    };

    // As in RabbitMQ: without reject-publish a dead letter could not wait, so at-least-once falls back to at-most-once.
    public static bool IsAtLeastOnce(string? strategy, Overflow overflow) =>
        strategy == "at-least-once" && overflow == Overflow.RejectPublish;

    public static int? DeliveryLimitOf(long? declared) => declared switch
    {
        null => DeliveryLimitDefault,
        < 0 => null,
        _ => (int)Math.Min(declared.Value, ushort.MaxValue - 1),
    };

    public static TimeSpan? AgeOf(string? text) => text is not null && StreamAge.TryRead(text, out TimeSpan age) ? age : null;

    private static string TypeShown(FieldTable arguments) => arguments.TryGet("x-queue-type", out FieldValue type) ? type.Shown : "classic";

    private static AmqpException UnacceptableType(QueueSettings declared, string name, FieldValue value) =>
        Invalid(declared, name, $"{{unacceptable_type,{value.KindName}}}");

    private static AmqpException Invalid(QueueSettings declared, string name, string fault) =>
        new(ReplyCode.PreconditionFailed, $"invalid arg '{name}' for {declared.Described}: {fault}");
}
