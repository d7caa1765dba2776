using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Tracing;

/// <summary>What one service did under one name in two traces.</summary>
/// <param name="Service">Who.</param>
/// <param name="Name">The name of its spans.</param>
/// <param name="Left">In the first trace; null where it is only in the second.</param>
/// <param name="Right">In the second trace; null where it is only in the first.</param>
internal sealed record ComparedOperation(string Service, string Name, OperationTotal? Left, OperationTotal? Right)
{
    /// <summary>How much longer it took in the second trace; negative when it was faster.</summary>
    public TimeSpan Difference => (Right?.Time ?? TimeSpan.Zero) - (Left?.Time ?? TimeSpan.Zero);
}

/// <summary>How often, how long all together, and how many of them failed.</summary>
internal sealed record OperationTotal(int Count, TimeSpan Time, int Errors);

/// <summary>Two traces side by side.</summary>
internal static class Comparison
{
    /// <summary>The operations of both; what differs most comes first.</summary>
    public static IReadOnlyList<ComparedOperation> Of(IReadOnlyList<SpanEntry> left, IReadOnlyList<SpanEntry> right)
    {
        Dictionary<(string Service, string Name), OperationTotal> first = TotalsOf(left);
        Dictionary<(string Service, string Name), OperationTotal> second = TotalsOf(right);
        return
        [
            .. first.Keys.Union(second.Keys)
                .Select(key => new ComparedOperation(key.Service, key.Name, first.GetValueOrDefault(key), second.GetValueOrDefault(key)))
                .OrderByDescending(operation => operation.Difference.Duration())
                .ThenBy(operation => operation.Service, StringComparer.Ordinal)
                .ThenBy(operation => operation.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// The normal one among traces: of those with the same root that did not fail, the one of median duration. Null when there is no other.
    /// </summary>
    public static TraceEntry? NormalFor(TraceEntry trace, IEnumerable<TraceEntry> others)
    {
        TraceEntry[] alike =
        [
            .. others.Where(other => !other.IsError && other.TraceId != trace.TraceId && other.Name == trace.Name && other.RootService == trace.RootService)
                .OrderBy(other => other.Duration).ThenBy(other => other.TraceId, StringComparer.Ordinal),
        ];
        return alike.Length == 0 ? null : alike[(alike.Length - 1) / 2];
    }

    private static Dictionary<(string Service, string Name), OperationTotal> TotalsOf(IReadOnlyList<SpanEntry> spans) =>
        spans.GroupBy(span => (span.Service, span.Name)).ToDictionary(
            group => group.Key,
            group => new OperationTotal(group.Count(), TimeSpan.FromTicks(group.Sum(span => span.Duration.Ticks)), group.Count(span => span.IsError)));
}
