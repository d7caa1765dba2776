using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Quintet.Load.Scenarios;
using Quintet.TestKit.Figures;
using Quintet.TestKit.Files;

namespace Quintet.Load.Figures;

/// <summary>Puts what was measured where readers find it: the result file, and the table in docs/performance.md that is made from it.</summary>
internal static class BrokerResult
{
    private const string Begin = "<!-- figures: written by benchmarks/Load, from benchmarks/results/broker.md -->";
    private const string End = "<!-- /figures -->";

    private static string Page => Repository.At("docs", "performance.md");

    public static async Task<int> MeasureAsync(BrokerArguments arguments, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        Report report = new("dotnet run -c Release --project benchmarks/Load -- broker");
        BrokerTables tables = await new BrokerFigures(arguments, cancellation).MeasureAsync();
        report.AddText(Preface(arguments, Stopwatch.GetElapsedTime(start)) + tables);
        Console.WriteLine(report.ToString());
        if (!arguments.IsWhole) return 0;
        await report.SaveAsync("broker", cancellation);
        await WritePageAsync(tables, cancellation);
        return 0;
    }

    private static string Preface(BrokerArguments arguments, TimeSpan took)
    {
        Amounts amounts = arguments.Amounts;
        string kernel = RuntimeInformation.OSArchitecture + ", Linux " + File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        return string.Create(CultureInfo.InvariantCulture, $"""

            {kernel}. Took {took.TotalMinutes:0.0} minutes. Medians of {amounts.Rounds} alternating rounds of {amounts.Seconds:0.#} s a scenario;
            memory at rest, idle connections, backlogs and restart once each. One broker runs at a time, started afresh for each round and
            warmed up, all data on the same disk. Messages are persistent, of 256 octets; every publisher uses confirms, 1,000 outstanding a
            connection unless the title says otherwise. RabbitMQ is Debian's package (4.0.5 of trixie, 3.10.8 of bookworm) with its defaults
            and no plugins.

            **What a confirm means**: Quintet, classic and quorum: written and fdatasync'ed. RabbitMQ quorum: written and fdatasync'ed.
            RabbitMQ classic: written, not synced.

            Broker CPU is user and system time of the broker's process and its children, from /proc. The client is benchmarks/Load itself, on
            the same cores: raw sockets, frames made beforehand, a thread a connection; its own processor time is the last column. Latencies of
            the scenarios with 1,000 outstanding are those of a full pipe (publish to confirm, or publish to deliver where there is a consumer).
            Rates depend on what the client leaves of the cores; CPU a message hardly does.

            """);
    }

    private static async Task WritePageAsync(BrokerTables tables, CancellationToken cancellation)
    {
        string page = await File.ReadAllTextAsync(Page, cancellation);
        int begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        int end = page.IndexOf(End, StringComparison.Ordinal);
        if (begin < Begin.Length || end < begin) throw new InvalidDataException($"{Page} has no place for the figures");
        await File.WriteAllTextAsync(Page, $"{page[..begin]}\n\n{tables.Summary()}\n{page[end..]}", cancellation);
    }
}
