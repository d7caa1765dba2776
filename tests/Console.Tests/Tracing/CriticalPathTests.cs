using Quintet.Console.Telemetry.Queries;
using Quintet.Console.Tests.Telemetry;
using Quintet.Console.Tracing;

namespace Quintet.Console.Tests.Tracing;

public sealed class CriticalPathTests
{
    [Fact]
    public void Of_children_that_follow_one_another_each_is_on_the_path_and_the_parent_between_them() =>
        Assert.Equal(
            ["root 0-2", "first 2-4", "root 4-5", "second 5-9", "root 9-10"],
            PathOf(Span("root", null, 0, 10), Span("first", "root", 2, 4), Span("second", "root", 5, 9)));

    [Fact]
    public void Of_children_at_the_same_time_only_the_one_that_ends_last_counts() =>
        Assert.Equal(
            ["root 0-1", "slow 1-9", "root 9-10"], PathOf(Span("root", null, 0, 10), Span("fast", "root", 1, 5), Span("slow", "root", 1, 9)));

    [Fact]
    public void A_child_that_still_runs_when_the_next_one_begins_held_up_nothing() =>
        Assert.Equal(
            ["root 0-4", "second 4-8", "root 8-10"],
            PathOf(Span("root", null, 0, 10), Span("first", "root", 1, 5), Span("second", "root", 4, 8)));

    [Fact]
    public void What_outlives_its_parent_determines_the_end_and_the_wait_before_it_is_nobodys() =>
        Assert.Equal(
            ["root 0-3", "publish 3-4", "handle 7-50"],
            PathOf(
                Span("root", null, 0, 10), Span("query", "root", 6, 9), Span("publish", "root", 3, 4, SpanKind.Producer),
                Span("handle", "publish", 7, 50, SpanKind.Consumer, "b")));

    [Fact]
    public void A_request_on_a_clock_that_runs_behind_is_put_into_the_middle_of_its_call() =>
        // Told on the server's own clock, which is 100 behind, as is that of its query.
        Assert.Equal(
            ["server -98--97", "query -97--94", "server -94--92", "call 0-2", "call 8-10"],
            PathOf(
                Span("call", null, 0, 10, SpanKind.Client), Span("server", "call", -98, -92, SpanKind.Server, "b"),
                Span("query", "server", -97, -94, SpanKind.Client, "b")));

    [Fact]
    public void Nothing_begins_before_what_caused_it() =>
        Assert.Equal(["early -5-1", "root 6-10"], PathOf(Span("root", null, 0, 10), Span("early", "root", -5, 1)));

    [Fact]
    public void Of_several_roots_the_one_that_ends_last_is_followed() =>
        Assert.Equal(["late 5-20"], PathOf(Span("root", null, 0, 10), Span("late", "not kept", 5, 20)));

    [Fact]
    public void Spans_that_are_each_others_parents_are_no_endless_path() =>
        Assert.Empty(PathOf(Span("a", "b", 0, 10), Span("b", "a", 1, 9)));

    [Fact]
    public void A_chain_of_ten_thousand_is_walked_to_its_end()
    {
        SpanEntry[] chain = [.. Enumerable.Range(0, 10_000).Select(i => Span($"{i}", i == 0 ? null : $"{i - 1}", i, 20_000 - i))];

        IReadOnlyList<PathPart> path = CriticalPath.Of(chain);

        Assert.Equal(TimeSpan.FromMilliseconds(20_000), TimeSpan.FromTicks(path.Sum(part => part.Duration.Ticks)));
    }

    private static IEnumerable<string> PathOf(params SpanEntry[] spans) => CriticalPath.Of(spans).Select(part =>
        $"{part.SpanId} {(part.Start - Otlp.Noon).TotalMilliseconds}-{(part.Start + part.Duration - Otlp.Noon).TotalMilliseconds}");

    private static SpanEntry Span(
        string id, string? parent, double from, double to, SpanKind kind = SpanKind.Internal, string instance = "a") => new(
            id, parent, instance, instance, "1", "", id, kind, Otlp.Noon.AddMilliseconds(from), TimeSpan.FromMilliseconds(to - from), false, null, "{}",
            null, null);
}
