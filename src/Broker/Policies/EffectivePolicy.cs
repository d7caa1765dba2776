using Quintet.Broker.Amqp;

namespace Quintet.Broker.Policies;

/// <summary>What policies give one queue or exchange: at most one of each sort, and both merged. Immutable.</summary>
internal sealed record EffectivePolicy
{
    public static readonly EffectivePolicy None = new();

    /// <summary>Its name, null when none matches.</summary>
    public string? Name { get; init; }

    /// <summary>The operator policy's name, null when none matches.</summary>
    public string? OperatorName { get; init; }

    public FieldTable Definition { get; init; } = FieldTable.Empty;

    /// <summary>Messages that came before this time, in milliseconds since 1970, do not get its message-ttl.</summary>
    public long TtlSinceMs { get; init; }

    /// <summary>By value, so that what did not change is left alone.</summary>
    public bool Equals(EffectivePolicy? other) =>
        other is not null && Name == other.Name && OperatorName == other.OperatorName
        && Definition.Select(Show).SequenceEqual(other.Definition.Select(Show));

    public override int GetHashCode() => HashCode.Combine(Name, OperatorName, Definition.Count);

    public static EffectivePolicy Of(Policy? policy, Policy? operatorPolicy) => policy is null && operatorPolicy is null ? None : new EffectivePolicy
    {
        Name = policy?.Name,
        OperatorName = operatorPolicy?.Name,
        TtlSinceMs = Math.Max(TtlSince(policy), TtlSince(operatorPolicy)),
        Definition = Merge(policy?.Definition ?? FieldTable.Empty, operatorPolicy?.Definition ?? FieldTable.Empty),
    };

    private static long TtlSince(Policy? policy) => policy?.Definition.Integer("message-ttl") is null ? 0 : policy.SinceMs;

    private static (string Name, FieldKind Kind, string Value) Show(KeyValuePair<string, FieldValue> given) =>
        (given.Key, given.Value.Kind, given.Value.Shown);

    private static FieldTable Merge(FieldTable own, FieldTable bounds)
    {
        FieldTable merged = new(own);
        foreach ((string name, FieldValue bound) in bounds)
            merged.Set(name, own.TryGet(name, out FieldValue value) ? PolicyKeys.Merge(name, value, bound) : bound);
        merged.Sort((left, right) => string.CompareOrdinal(left.Key, right.Key));
        return merged;
    }
}
