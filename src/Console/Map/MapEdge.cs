namespace Quintet.Console.Map;

/// <summary>What is declared of an edge, against what is seen.</summary>
public enum EdgeState
{
    /// <summary>Something flows, and nothing speaks against it.</summary>
    Seen,

    /// <summary>It is declared, and nothing flowed.</summary>
    Unseen,

    /// <summary>Something flows that the service does not declare.</summary>
    Undeclared,

    /// <summary>It is declared, and what flows cannot be seen from here: no spans tell of it.</summary>
    Unmeasured,
}

/// <summary>One way that something takes.</summary>
/// <param name="Way">From the node that calls, publishes or hands out.</param>
/// <param name="State">Declared or seen or both.</param>
/// <param name="What">What goes this way, as it was declared; empty when it was not.</param>
/// <param name="Traffic">What flowed; null when nothing did.</param>
public sealed record MapEdge(Way Way, EdgeState State, string What, Traffic? Traffic)
{
    /// <summary>Its way as text.</summary>
    public string Id => Way.ToString();

    /// <summary>Whether any of what flowed failed.</summary>
    public bool IsFailing => Traffic is { ErrorShare: > 0 };
}

/// <summary>What flowed: in the last minute if anything did, otherwise in the whole time that was asked for.</summary>
/// <param name="Count">How often in the whole time; null where the broker told no more than a rate.</param>
/// <param name="Rate">How often a second.</param>
/// <param name="ErrorShare">0 to 1.</param>
/// <param name="P50">Half of it took at most so long; null where it was not measured.</param>
/// <param name="P99">Nearly all of it did.</param>
/// <param name="IsRecent">Whether rate, errors and durations are those of the last minute.</param>
public sealed record Traffic(long? Count, double Rate, double ErrorShare, TimeSpan? P50, TimeSpan? P99, bool IsRecent)
{
    /// <summary>Two that go the same way.</summary>
    public Traffic And(Traffic other)
    {
        double rate = Rate + other.Rate;
        Traffic busier = Rate >= other.Rate ? this : other;
        return new Traffic(
            Count + other.Count, rate, rate > 0 ? ((ErrorShare * Rate) + (other.ErrorShare * other.Rate)) / rate : 0, busier.P50,
            P99 > other.P99 ? P99 : other.P99 ?? P99, IsRecent || other.IsRecent);
    }
}
