using System.Globalization;
using Quintet.Client.Telemetry;

namespace Quintet.Terminal;

/// <summary>The spans of a trace as a tree, each with when it began after the first, how long it took, and why it failed.</summary>
internal static class SpanTree
{
    public static string Of(TraceTreeInfo trace)
    {
        TextTable table = new("AFTER", "TOOK", "PART", "WHAT", "RESULT");
        DateTimeOffset begin = trace.Trace.Start;
        foreach ((SpanInfo span, string branch) in InTree(trace.Spans))
        {
            string result = span.IsError ? $"failed{(span.Message is { Length: > 0 } message ? $": {message}" : "")}" : "";
            table.Add(
                Words.Duration((span.Start - begin).TotalSeconds), Words.Duration(span.Duration), Words.Plain(span.Service),
                $"{branch}{Words.Plain(span.Name)}", Words.Plain(result));
        }

        string errors = trace.Trace.Errors > 0 ? $", {trace.Trace.Errors} failed" : "";
        string head = string.Create(CultureInfo.InvariantCulture,
            $"{Words.Duration(trace.Trace.Duration)}, {trace.Trace.Spans} spans{errors}, {begin.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff} UTC");
        return $"{Words.Plain(trace.Trace.Name)}  {head}\ntrace {trace.Trace.TraceId}\n{table}{(trace.IsCut ? "there is more than is shown\n" : "")}";
    }

    /// <summary>A span whose parent is not there stands at the left; one that is among its own ancestors is left out.</summary>
    private static IEnumerable<(SpanInfo Span, string Branch)> InTree(IReadOnlyList<SpanInfo> spans)
    {
        HashSet<string> known = [.. spans.Select(span => span.SpanId)];
        ILookup<string, SpanInfo> children = spans.ToLookup(span => span.ParentId is { } parent && known.Contains(parent) ? parent : "");
        Stack<(SpanInfo Span, string Branch, string Below)> open = new(children[""].Reverse().Select(root => (root, "", "")));
        while (open.TryPop(out (SpanInfo Span, string Branch, string Below) next))
        {
            yield return (next.Span, next.Branch);
            SpanInfo[] below = [.. children[next.Span.SpanId]];
            foreach ((int index, SpanInfo child) in below.Index().Reverse())
            {
                bool isLast = index == below.Length - 1;
                open.Push((child, $"{next.Below}{(isLast ? "└ " : "├ ")}", $"{next.Below}{(isLast ? "  " : "│ ")}"));
            }
        }
    }
}
