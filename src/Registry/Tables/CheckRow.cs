using System.Collections.Immutable;

namespace Quintet.Registry.Tables;

/// <summary>The three states of a check, as they are written on the wire.</summary>
internal static class CheckStatus
{
    public const string Passing = "passing";
    public const string Warning = "warning";
    public const string Critical = "critical";

    public static bool IsKnown(string status) => status is Passing or Warning or Critical;
}

/// <summary>What a check belongs to, what it last said, and how it is made.</summary>
internal sealed record CheckRow
{
    public required string Node { get; init; }

    public required string Id { get; init; }

    public required string Name { get; init; }

    public string Status { get; init; } = CheckStatus.Critical;

    public string Notes { get; init; } = "";

    public string Output { get; init; } = "";

    /// <summary>Empty for a check of the node itself.</summary>
    public string ServiceId { get; init; } = "";

    /// <summary><c>ttl</c>, <c>http</c>, <c>tcp</c>, <c>maintenance</c>, or empty.</summary>
    public string Type { get; init; } = "";

    /// <summary>How this registry makes the check; null when somebody else reports its status.</summary>
    public CheckPlan? Plan { get; init; }

    public ulong CreateIndex { get; init; }

    public ulong ModifyIndex { get; init; }

    /// <summary>Whether a reader could tell the two apart, indexes aside.</summary>
    public bool SaysTheSameAs(CheckRow other) => IsMadeAs(other) && Status == other.Status && Output == other.Output;

    /// <summary>
    /// Whether a check that is registered again may go on from what <paramref name="before"/> last said: of the same service, and about the
    /// same target. What was heard of another port says nothing about the new one.
    /// </summary>
    public bool GoesOnFrom(CheckRow before) =>
        before.Id == Id && before.ServiceId == ServiceId && before.Type == Type && before.Plan?.Http == Plan?.Http && before.Plan?.Tcp == Plan?.Tcp;

    /// <summary>The same check, whatever it last said.</summary>
    public bool IsMadeAs(CheckRow other) =>
        Node == other.Node && Id == other.Id && Name == other.Name && Notes == other.Notes && ServiceId == other.ServiceId && Type == other.Type
        && (Plan is null ? other.Plan is null : other.Plan is not null && Plan.IsSameAs(other.Plan));
}

/// <summary>How a check is made. Exactly one of <see cref="Ttl"/>, <see cref="Http"/> and <see cref="Tcp"/> is set.</summary>
internal sealed record CheckPlan
{
    public TimeSpan Ttl { get; init; }

    public string Http { get; init; } = "";

    public string Method { get; init; } = "";

    public string Body { get; init; } = "";

    public ImmutableSortedDictionary<string, ImmutableArray<string>>? Header { get; init; }

    public bool TlsSkipVerify { get; init; }

    public bool DisableRedirects { get; init; }

    public string Tcp { get; init; } = "";

    public TimeSpan Interval { get; init; }

    public TimeSpan Timeout { get; init; }

    public int OutputBytesMax { get; init; }

    public int SuccessBeforePassing { get; init; }

    public int FailuresBeforeWarning { get; init; }

    public int FailuresBeforeCritical { get; init; }

    /// <summary>How long the check may be critical before its service is removed; zero means for ever.</summary>
    public TimeSpan DeregisterAfter { get; init; }

    public bool IsSameAs(CheckPlan other) =>
        this with { Header = null } == other with { Header = null } && SameHeaders(Header, other.Header);

    private static bool SameHeaders(
        ImmutableSortedDictionary<string, ImmutableArray<string>>? left, ImmutableSortedDictionary<string, ImmutableArray<string>>? right)
    {
        if (left is null || right is null) return left is null && right is null;
        return left.Count == right.Count
            && left.All(pair => right.TryGetValue(pair.Key, out ImmutableArray<string> values) && pair.Value.AsSpan().SequenceEqual(values.AsSpan()));
    }
}
