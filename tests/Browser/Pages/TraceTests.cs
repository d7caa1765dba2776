using Quintet.Browser.Systems;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Browser.Pages;

public sealed class TraceTests(WatchedSystem watched)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Drawing_over_the_scatter_narrows_time_and_duration_and_a_chip_takes_it_back()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        await ann.OpenAsync("/traces?parts=true", Cancellation);
        await ann.ShowsAsync(".scatter a", Cancellation);

        await Eventually.TrueAsync(
            "the address holds what was drawn",
            () =>
            {
                if (!ann.Query.Contains("from=", StringComparison.Ordinal)) ann.Draw(".scatter .area");
                return Task.FromResult(ann.Query.Contains("from=", StringComparison.Ordinal) && ann.Query.Contains("min=", StringComparison.Ordinal));
            },
            Cancellation);
        await ann.ShowsAsync(".chips", Cancellation);
        await ann.ClickAsync("remove", "main:not(:has(.chips))", Cancellation);
        await Eventually.TrueAsync(
            "the address forgets it", () => Task.FromResult(!ann.Query.Contains("from=", StringComparison.Ordinal)), Cancellation);

        Assert.Contains("parts=true", ann.Query, StringComparison.Ordinal);
        Assert.Empty(ann.Complaints());
    }

    [Fact]
    public async Task The_keyboard_narrows_the_time_as_drawing_does()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        await ann.OpenAsync("/traces?parts=true", Cancellation);
        await ann.ShowsAsync(".scatter a", Cancellation);

        Fill(ann, "From, in UTC", 2021);
        Fill(ann, "To, in UTC", 2020);
        ann.Press("\n");
        await ann.SaysAsync("The time ends before it begins", Cancellation);
        Fill(ann, "From, in UTC", 2019);
        ann.Press("\n");

        await ann.SaysAsync("No trace of this time", Cancellation);
        await ann.ShowsAsync(".chips", Cancellation);
        Assert.Contains("from=2019-11-29T", ann.Query, StringComparison.Ordinal);
        Assert.Contains("to=2020-11-29T", ann.Query, StringComparison.Ordinal);
        Assert.Empty(ann.Barriers());
        await ann.ClickAsync("remove", "main:not(:has(.chips))", Cancellation);
        await ann.ShowsAsync(".scatter a", Cancellation);
        Assert.Empty(ann.Complaints());
    }

    [Fact]
    public async Task A_trace_marks_its_critical_path_and_is_compared_with_a_normal_one()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        await watched.System.SignUpAsync("Bea Hart", "bea@example.org", Cancellation);
        await watched.System.MailToAsync("bea@example.org", Cancellation);
        // Both sign-ups are there once their parts have sent their spans.
        await Eventually.TrueAsync(
            "two traces of a sign-up",
            async () =>
            {
                await ann.OpenAsync("/traces?name=POST&service=users", Cancellation);
                await ann.ShowsAsync("main table, main .notice.empty", Cancellation);
                return ann.Count("main tbody tr") >= 2;
            },
            Cancellation);

        await ann.ClickAsync("POST", ".waterfall .bar rect.path", Cancellation);
        await ann.ClickAsync("Compare with a normal one", "table.pair", Cancellation);

        await ann.SaysAsync("Two traces side by side", Cancellation);
        Assert.Matches("^/traces/[0-9a-f]{32}/with/[0-9a-f]{32}$", ann.Path);
        Assert.Empty(ann.Barriers());
        Assert.Empty(ann.Complaints());
    }

    /// <summary>The 29th of November, three in the morning, as it is typed; the year is left by hand, since it may have six digits.</summary>
    private static void Fill(Visitor visitor, string label, int year)
    {
        visitor.Focus($"input[aria-label='{label}']");
        visitor.Press("1129");
        visitor.Press($"{year}");
        visitor.Press(Visitor.Right);
        visitor.Press("030000AM");
    }

    [Fact]
    public async Task The_time_of_a_log_line_shows_what_its_instance_logged_around_it()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        await ann.OpenAsync("/logs?instance=users-1&severity=1", Cancellation);
        await ann.ShowsAsync(".chip", Cancellation);

        await ann.ClickAsync(":", ".around .open", Cancellation);

        await ann.SaysAsync("up to 10 before and after", Cancellation);
        Assert.Empty(ann.Barriers());
    }
}
