using System.Text.Json;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Policies;

/// <summary>One setting a policy may give.</summary>
/// <param name="Name">Its name: that of the argument without <c>x-</c>.</param>
/// <param name="Fault">What RabbitMQ says of a bad value, after the value.</param>
/// <param name="IsGood">Looks at a value.</param>
internal sealed record PolicySetting(string Name, string Fault, Func<JsonElement, bool> IsGood)
{
    /// <summary>Operator policies may give it too.</summary>
    public bool IsForOperators { get; init; }

    public bool UnknownToClassic { get; init; }

    public bool UnknownToQuorum { get; init; }

    public bool UnknownToStream { get; init; }
}

/// <summary>The settings policies may give: those of RabbitMQ 4.0. Some have no effect here, as the same argument has none.</summary>
internal static class PolicyKeys
{
    public static readonly IReadOnlyDictionary<string, PolicySetting> All = new PolicySetting[]
    {
        new("alternate-exchange", "is not a valid alternate exchange name", IsText),
        new("dead-letter-exchange", "is not a valid dead letter exchange name", IsText) { UnknownToStream = true },
        new("dead-letter-routing-key", "is not a valid dead letter routing key", IsText) { UnknownToStream = true },
        new("dead-letter-strategy", "is not a valid dead letter strategy", value => IsWord(value, "at-most-once", "at-least-once"))
            { UnknownToClassic = true, UnknownToStream = true },
        new("message-ttl", "is not a valid message TTL", value => IsAtLeast(value, 0)) { IsForOperators = true, UnknownToStream = true },
        new("expires", "is not a valid queue expiry", value => IsAtLeast(value, 1)) { IsForOperators = true, UnknownToStream = true },
        new("max-length", "is not a valid maximum length", value => IsAtLeast(value, 0)) { IsForOperators = true, UnknownToStream = true },
        new("max-length-bytes", "is not a valid maximum length in bytes", value => IsAtLeast(value, 0)) { IsForOperators = true },
        new("max-in-memory-length", "is not a valid maximum memory in bytes", value => IsAtLeast(value, 0))
            { IsForOperators = true, UnknownToClassic = true, UnknownToStream = true },
        new("max-in-memory-bytes", "is not a valid maximum memory in bytes", value => IsAtLeast(value, 0))
            { IsForOperators = true, UnknownToClassic = true, UnknownToStream = true },
        new("overflow", "is not a valid overflow value", value => IsWord(value, "drop-head", "reject-publish", "reject-publish-dlx"))
            { IsForOperators = true, UnknownToStream = true },
        new("delivery-limit", "is not a valid delivery limit", IsWhole) { IsForOperators = true, UnknownToClassic = true, UnknownToStream = true },
        new("queue-mode", "is not a valid queue-mode value", value => IsWord(value, "default", "lazy"))
            { UnknownToQuorum = true, UnknownToStream = true },
        new("queue-version", "is not a valid queue-version value", value => IsAtLeast(value, 1) && value.GetInt64() <= 2) { IsForOperators = true },
        new("queue-leader-locator", "is not a valid queue leader locator value",
            value => IsWord(value, "client-local", "balanced", "random", "least-leaders")),
        new("queue-master-locator", "is not a valid queue master locator", value => IsWord(value, "client-local", "min-masters", "random"))
            { UnknownToQuorum = true },
        new("initial-cluster-size", "is not a valid cluster size", value => IsAtLeast(value, 0)) { UnknownToClassic = true, UnknownToQuorum = true },
        new("target-group-size", "is not a valid target group size", value => IsAtLeast(value, 1))
            { IsForOperators = true, UnknownToClassic = true, UnknownToStream = true },
        new("consumer-timeout", "is not a valid consumer timeout", value => IsAtLeast(value, 0)),
        new("max-age", "is not a valid max age", IsAge) { UnknownToClassic = true, UnknownToQuorum = true },
        new("stream-max-segment-size-bytes", "is not a valid segment size", value => IsAtLeast(value, 0))
            { UnknownToClassic = true, UnknownToQuorum = true },
        new("stream-filter-size-bytes", "is not a valid filter size", value => IsAtLeast(value, 16) && value.GetInt64() <= 255)
            { UnknownToClassic = true, UnknownToQuorum = true },
    }.ToDictionary(setting => setting.Name, StringComparer.Ordinal);

    /// <summary>A policy with one setting the queue's type does not know is not laid on it at all, as in RabbitMQ.</summary>
    public static bool AnyUnknownTo(string queueType, FieldTable definition)
    {
        foreach ((string name, _) in definition)
            if (All.TryGetValue(name, out PolicySetting? setting) && IsUnknownTo(queueType, setting)) return true;
        return false;
    }

    private static bool IsUnknownTo(string queueType, PolicySetting setting) => queueType switch
    {
        "quorum" => setting.UnknownToQuorum,
        "stream" => setting.UnknownToStream,
        _ => setting.UnknownToClassic,
    };

    /// <summary>What holds when a policy and an operator policy both say something: the smaller number, for words the operator's.</summary>
    public static FieldValue Merge(string name, FieldValue own, FieldValue bound) => name switch
    {
        "overflow" or "queue-version" => bound,
        "target-group-size" => own.Number > bound.Number ? own : bound,
        "delivery-limit" => own.Number < 0 || bound.Number < 0 ? Larger(own, bound) : Smaller(own, bound),
        _ => Smaller(own, bound),
    };

    private static FieldValue Smaller(FieldValue left, FieldValue right) => left.Number <= right.Number ? left : right;

    private static FieldValue Larger(FieldValue left, FieldValue right) => left.Number >= right.Number ? left : right;

    private static bool IsText(JsonElement value) => value.ValueKind == JsonValueKind.String;

    private static bool IsWord(JsonElement value, params string[] known) => IsText(value) && known.Contains(value.GetString());

    private static bool IsWhole(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _) && value.GetRawText().IndexOfAny(['.', 'e', 'E']) < 0;

    private static bool IsAtLeast(JsonElement value, long least) => IsWhole(value) && value.GetInt64() >= least;

    private static bool IsAge(JsonElement value) =>
        IsText(value) && value.GetString() is { Length: > 1 } age && "YMDhms".Contains(age[^1])
        && age.AsSpan(0, age.Length - 1).IndexOfAnyExceptInRange('0', '9') < 0;
}
