using Quintet.Console.Telemetry.Queries;
using Quintet.Console.Tests.Telemetry;
using Quintet.Console.Tracing;

namespace Quintet.Console.Tests.Tracing;

public sealed class ComparisonTests
{
    [Fact]
    public void Operations_are_added_up_and_what_differs_most_comes_first()
    {
        IReadOnlyList<ComparedOperation> compared = Comparison.Of(
            [Span("users", "SELECT", 2), Span("users", "SELECT", 3, isError: true), Span("gateway", "POST /users", 10), Span("users", "cache", 1)],
            [Span("users", "SELECT", 50), Span("gateway", "POST /users", 60), Span("mail", "send", 7)]);

        Assert.Equal(["POST /users", "SELECT", "send", "cache"], compared.Select(operation => operation.Name));
        Assert.Equal(new OperationTotal(2, TimeSpan.FromMilliseconds(5), 1), compared[1].Left);
        Assert.Equal(TimeSpan.FromMilliseconds(45), compared[1].Difference);
        Assert.Null(compared[2].Left);
        Assert.Equal((null, TimeSpan.FromMilliseconds(-1)), (compared[3].Right, compared[3].Difference));
    }

    [Fact]
    public void The_same_name_in_another_service_is_another_operation() =>
        Assert.Equal(2, Comparison.Of([Span("users", "SELECT", 1)], [Span("orders", "SELECT", 1)]).Count);

    [Fact]
    public void Normal_is_the_median_of_those_with_the_same_root_that_did_not_fail()
    {
        TraceEntry slow = Trace("slow", 900);
        TraceEntry[] others =
        [
            slow, Trace("c", 30), Trace("a", 10), Trace("b", 20), Trace("failed", 15, isError: true), Trace("other", 1, name: "GET /users"),
        ];

        Assert.Equal("b", Comparison.NormalFor(slow, others)!.TraceId);
        Assert.Null(Comparison.NormalFor(slow, [slow]));
    }

    private static SpanEntry Span(string service, string name, double milliseconds, bool isError = false) => new(
        "1", null, service, service, "1", "", name, SpanKind.Internal, Otlp.Noon, TimeSpan.FromMilliseconds(milliseconds), isError, null, "{}", null, null);

    private static TraceEntry Trace(string id, double milliseconds, bool isError = false, string name = "POST /users") => new(
        id, "gateway", name, 201, Otlp.Noon, TimeSpan.FromMilliseconds(milliseconds), TimeSpan.Zero, true, isError, 1, 0, ["gateway"]);
}
