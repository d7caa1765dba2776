using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Tracing;

/// <summary>A stretch of time in which a span was what the end waited for, on the clock of the span's own instance.</summary>
internal sealed record PathPart(string SpanId, DateTimeOffset Start, TimeSpan Duration);

/// <summary>
/// The chain of spans that determines when a trace ends. It is walked from the end: of a span's children the one that ends last, with whatever
/// it started itself, is on the path; before its begin, the one that ended last by then; the span itself has what is between them. A child that
/// still ran when the next one on the path began held up nothing. A child may outlive its parent, as the handling of an event does; the time
/// between them, in which only a queue held the event, belongs to no span.
/// </summary>
internal static class CriticalPath
{
    /// <summary>By time. Only what hangs below the root that ends last is looked at.</summary>
    public static IReadOnlyList<PathPart> Of(IReadOnlyList<SpanEntry> spans)
    {
        Dictionary<string, Node> nodes = [];
        foreach (SpanEntry span in spans) nodes.TryAdd(span.SpanId, new Node(span));
        List<Node> roots = [];
        foreach (Node node in nodes.Values)
        {
            if (node.Span.ParentId is { } id && nodes.TryGetValue(id, out Node? parent)) parent.Children.Add(node);
            else roots.Add(node);
        }

        foreach (Node root in roots) Measure(root);
        return roots.MaxBy(root => root.LastEnd) is { } last ? [.. Walk(last).OrderBy(part => part.Start)] : [];
    }

    /// <summary>Corrects the clocks from the root downwards, then finds from below when all that a span started has ended.</summary>
    private static void Measure(Node root)
    {
        List<Node> order = [root];
        for (int index = 0; index < order.Count; index++)
        {
            foreach (Node child in order[index].Children)
            {
                child.Shift = ShiftOf(child.Span, order[index]);
                order.Add(child);
            }
        }

        foreach (Node node in Enumerable.Reverse(order))
        {
            node.Children.Sort((a, b) => b.LastEnd.CompareTo(a.LastEnd));
            node.LastEnd = node.Children is [{ } latest, ..] && latest.LastEnd > node.End ? latest.LastEnd : node.End;
        }
    }

    /// <summary>
    /// By how much a clock must be wrong. An answered request lies within its call: on another clock it is put into the middle, since the way
    /// there is as long as the way back. Nothing begins before what caused it.
    /// </summary>
    private static TimeSpan ShiftOf(SpanEntry span, Node parent)
    {
        DateTimeOffset start = span.Start + parent.Shift;
        TimeSpan spare = parent.Span.Duration - span.Duration;
        bool isAnswered = span.Kind == SpanKind.Server && parent.Span.Kind == SpanKind.Client && span.Instance != parent.Span.Instance;
        if (isAnswered && spare >= TimeSpan.Zero && (start < parent.Start || start + span.Duration > parent.End))
            return parent.Start + (spare / 2) - span.Start;
        return start < parent.Start ? parent.Start - span.Start : parent.Shift;
    }

    private static List<PathPart> Walk(Node root)
    {
        List<PathPart> path = [];
        Stack<Node> open = new([root]);
        while (open.TryPop(out Node? node))
        {
            DateTimeOffset until = node.LastEnd;
            foreach (Node child in node.Children)
            {
                if (child.LastEnd > until) continue;
                Add(path, node, child.LastEnd, until);
                open.Push(child);
                until = child.Start;
            }

            Add(path, node, node.Start, until);
        }

        return path;
    }

    private static void Add(List<PathPart> path, Node node, DateTimeOffset from, DateTimeOffset to)
    {
        if (to > node.End) to = node.End;
        if (to > from) path.Add(new PathPart(node.Span.SpanId, from - node.Shift, to - from));
    }

    private sealed class Node(SpanEntry span)
    {
        public SpanEntry Span => span;

        public List<Node> Children { get; } = [];

        /// <summary>What is added to its own clock to have it agree with the root's.</summary>
        public TimeSpan Shift { get; set; }

        public DateTimeOffset Start => span.Start + Shift;

        public DateTimeOffset End => Start + span.Duration;

        /// <summary>When it and all below it had ended.</summary>
        public DateTimeOffset LastEnd { get; set; }
    }
}
