using System.Collections.Immutable;

namespace Quintet.Console.Telemetry.Storage;

/// <summary>
/// What is known of a trace so far. Merging is commutative and associative, so that spans may come in any order and in any portions.
/// </summary>
internal sealed record TraceSummary(long Start, long End, int Spans, int Errors, ImmutableSortedSet<string> Services, RootSpan Root)
{
    /// <summary>More services than anybody reads; the first ones by name stay, whatever the order they came in.</summary>
    private const int ServicesMax = 64;

    public long Duration => End - Start;

    public static TraceSummary Of(SpanRow span) => new(
        span.Start, span.Start + span.Duration, 1, span.IsError ? 1 : 0, ImmutableSortedSet.Create(StringComparer.Ordinal, span.Resource.Service),
        new RootSpan(span.ParentId is not null, span.Start, span.SpanId, span.Resource.Service, span.Name, span.HttpStatus, span.Duration));

    public TraceSummary Merge(TraceSummary other) => new(
        Math.Min(Start, other.Start), Math.Max(End, other.End), Spans + other.Spans, Errors + other.Errors, Together(other.Services),
        Root.CompareTo(other.Root) <= 0 ? Root : other.Root);

    private ImmutableSortedSet<string> Together(ImmutableSortedSet<string> others)
    {
        ImmutableSortedSet<string> all = Services.Union(others);
        return all.Count <= ServicesMax ? all : all.Take(ServicesMax).ToImmutableSortedSet(StringComparer.Ordinal);
    }
}

/// <summary>The span a trace is named after: the one without a parent, or else the first.</summary>
internal sealed record RootSpan(bool IsOrphan, long Start, byte[] SpanId, string Service, string Name, int? Status, long Duration)
{
    public int CompareTo(RootSpan other)
    {
        int order = IsOrphan.CompareTo(other.IsOrphan);
        if (order == 0) order = Start.CompareTo(other.Start);
        return order != 0 ? order : SpanId.AsSpan().SequenceCompareTo(other.SpanId);
    }
}
