using Quintet.Console.Telemetry.Queries;
using Quintet.Console.Tests.Telemetry;
using Quintet.Console.Tracing;

namespace Quintet.Console.Tests.Tracing;

public sealed class TraceSearchTests
{
    [Fact]
    public void What_is_looked_for_comes_back_out_of_the_address()
    {
        TraceSearch search = new()
        {
            Service = "users", Name = "POST /users?a=1&b", Status = 201, Min = 200.5, Max = 3000, Text = "ann@example.org", Order = TraceOrder.Slowest,
            Last = "24h", From = Otlp.Noon, To = Otlp.Noon.AddSeconds(90.25), HasParts = true,
        };

        Assert.Equal(search, Read(search.ToPath()));
        Assert.Equal("/traces", new TraceSearch().ToPath());
    }

    [Fact]
    public void What_cannot_be_read_is_left_out() =>
        Assert.Equal(new TraceSearch(), Read("/traces?last=9y&min=-1&max=NaN&status=abc&order=7&from=yesterday&parts=yes&text=%20"));

    [Fact]
    public void A_drawing_asks_for_a_bounded_number_of_traces_and_leaves_out_what_parts_ask_each_other()
    {
        TraceFilter filter = new TraceSearch { Last = "5m", Min = 200 }.FilterAt(Otlp.Noon);

        Assert.Equal((500, true, TimeSpan.FromMilliseconds(200)), (filter.Limit, filter.WithoutParts, filter.MinDuration));
        Assert.Equal(Otlp.Noon.AddMinutes(-5), filter.Range.From);
        Assert.Equal(("quintet-gateway", false), (
            new TraceSearch { Service = "gateway" }.FilterAt(Otlp.Noon).Service, new TraceSearch { Service = "gateway" }.FilterAt(Otlp.Noon).WithoutParts));
    }

    [Fact]
    public void A_time_may_be_open_at_either_end_and_one_that_ends_before_it_begins_is_none()
    {
        DateTimeOffset from = Otlp.Noon.AddHours(-3);
        TraceSearch since = new() { From = from };
        TraceSearch until = new() { To = from, Last = "5m" };
        TraceSearch backwards = new() { From = Otlp.Noon, To = from };

        Assert.Equal((from, Otlp.Noon.AddSeconds(5)), (since.RangeAt(Otlp.Noon).From, since.RangeAt(Otlp.Noon).To));
        Assert.Equal((from.AddMinutes(-5), from), (until.RangeAt(Otlp.Noon).From, until.RangeAt(Otlp.Noon).To));
        Assert.Equal(Otlp.Noon.AddHours(-1), backwards.RangeAt(Otlp.Noon).From);
        Assert.Equal((true, true, false), (since.HasTimeAt(Otlp.Noon), until.HasTimeAt(Otlp.Noon), backwards.HasTimeAt(Otlp.Noon)));
        Assert.False(since.HasTimeAt(from.AddSeconds(-1)));
        Assert.Equal(("since 09:00:00 UTC", "until 09:00:00 UTC", null), (since.TimeWords, until.TimeWords, new TraceSearch().TimeWords));
    }

    [Fact]
    public void A_point_lies_by_its_time_and_the_logarithm_of_its_duration()
    {
        TraceEntry[] traces = [Trace(0, 1), Trace(30, 10), Trace(60, 100)];

        Scatter scatter = new(traces, new TimeRange(Otlp.Noon, Otlp.Noon.AddSeconds(60)));

        Assert.Equal([(0d, Scatter.Height), (Scatter.Width / 2, Scatter.Height / 2), (Scatter.Width, 0d)], scatter.Points.Select(point => (point.X, point.Y)));
        Assert.Equal([1d, 10d, 100d], scatter.Lines.Select(line => line.Duration.TotalMilliseconds));
    }

    private static TraceSearch Read(string path)
    {
        var query = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(path.Split('?').ElementAtOrDefault(1));
        return TraceSearch.Read(name => query.TryGetValue(name, out var value) ? value.ToString() : null);
    }

    private static TraceEntry Trace(double at, double milliseconds) => new(
        "1", "gateway", "GET /", 200, Otlp.Noon.AddSeconds(at), TimeSpan.FromMilliseconds(milliseconds), TimeSpan.Zero, true, false, 1, 0, ["gateway"]);
}
