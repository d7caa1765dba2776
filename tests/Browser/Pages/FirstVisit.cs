using System.Globalization;
using Quintet.Browser.Systems;
using Quintet.TestKit.Figures;
using Xunit;

namespace Quintet.Browser.Pages;

/// <summary>How long somebody with an empty cache waits for the overview. A measurement, so it runs only when it is named.</summary>
public sealed class FirstVisit(WatchedSystem watched)
{
    private const int Visits = 11;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Writes benchmarks/results/console-first-visit.md: run with <c>-explicit only -class Quintet.Browser.Pages.FirstVisit</c>.</summary>
    [Fact(Explicit = true)]
    public async Task Measure_the_first_visit()
    {
        List<double> milliseconds = [];
        List<long> octets = [];
        for (int visit = 0; visit < Visits; visit++)
        {
            await using Visitor stranger = await Visitor.LogInAsync(watched, "viewer", Cancellation); // a browser of its own, whose cache is empty
            (double took, long sent) = await stranger.BecomesLiveAsync(Cancellation);
            milliseconds.Add(took);
            octets.Add(sent);
        }

        milliseconds.Sort();
        Report report = new("artifacts/bin/Browser/debug/Quintet.Browser -explicit only -class Quintet.Browser.Pages.FirstVisit");
        report.Add(
            "from the login link to an overview that answers to clicks, empty cache, a new Chromium each time",
            Text($"median {milliseconds[Visits / 2]:0} ms ({milliseconds[0]:0}–{milliseconds[^1]:0}, {Visits} visits)"), "2,000 ms");
        report.Add("sent for it", Text($"at most {octets.Max() / 1024.0:0} KiB"), "300 KB");
        await report.SaveAsync("console-first-visit", Cancellation);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
