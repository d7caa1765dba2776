using System.Globalization;
using Quintet.Client.Supervisor;
using Quintet.Supervision.Plan;
using Spectre.Console;

namespace Quintet.Terminal;

/// <summary>How a start ended.</summary>
/// <param name="Status">What was seen last; null when the supervisor never answered.</param>
/// <param name="Problem">Why it is not ready; null when it is.</param>
/// <param name="ExitCode">What the command should return.</param>
internal sealed record StartOutcome(SystemStatus? Status, string? Problem, int ExitCode)
{
    /// <summary>The first instance that keeps the system from being ready.</summary>
    public SystemProcess? Culprit => Status?.Processes.OrderByDescending(p => p.State == "failed").FirstOrDefault(p => p.State != "ready");
}

/// <summary>Shows how the parts come up: a live table on a terminal, otherwise a line for each change.</summary>
internal sealed class ProgressScreen(SupervisorClient client, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, string> _shown = [];

    /// <summary>Follows the start until everything is ready, something failed for good, or the time is over.</summary>
    public async Task<StartOutcome> FollowAsync(TimeSpan limit, CancellationToken cancellation)
    {
        if (System.Console.IsErrorRedirected || System.Console.IsOutputRedirected) return await PollAsync(limit, PrintChanges, cancellation);

        StartOutcome? outcome = null;
        Table table = NewTable();
        long start = time.GetTimestamp();
        await AnsiConsole.Live(table).AutoClear(true).StartAsync(async live => outcome = await PollAsync(
            limit,
            status =>
            {
                Fill(table, status, time.GetElapsedTime(start));
                live.Refresh();
            },
            cancellation));
        return outcome!;
    }

    private async Task<StartOutcome> PollAsync(TimeSpan limit, Action<SystemStatus> show, CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        SystemStatus? status = null;
        while (true)
        {
            try
            {
                status = await client.StatusAsync(cancellation);
                show(status);
            }
            catch (SupervisorException fault)
            {
                return new StartOutcome(status, fault.Message, ExitCode.Failed);
            }

            if (status.Ready) return new StartOutcome(status, null, ExitCode.Done);
            if (status.Failure is not null) return new StartOutcome(status, status.Failure, ExitCode.Failed);
            // While anything is being built, a fault of it may come yet; all of them are told together.
            bool isBuilding = status.Processes.Any(p => p.State == "building");
            if (!isBuilding && status.Processes.FirstOrDefault(p => p.State == "failed" && p.Part != Parts.Console) is { } failed)
                return new StartOutcome(status, $"{failed.Instance} {failed.Reason}", ExitCode.Failed);
            if (time.GetElapsedTime(start) > limit)
            {
                string late = string.Join(", ", status.Processes.Where(p => p.State != "ready").Select(p => $"{p.Instance} ({p.State})"));
                return new StartOutcome(status, $"not ready within {limit.TotalSeconds:0} s: {late}", ExitCode.TimedOut);
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }

    private void PrintChanges(SystemStatus status)
    {
        foreach (SystemProcess process in status.Processes)
        {
            if (_shown.GetValueOrDefault(process.Instance) == process.State) continue;
            _shown[process.Instance] = process.State;
            System.Console.Error.WriteLine(process.Reason.Length == 0 ? $"{process.Instance}: {process.State}"
                : $"{process.Instance}: {process.State} ({process.Reason})");
        }
    }

    private static Table NewTable()
    {
        Table table = new() { Border = TableBorder.None, ShowHeaders = false };
        foreach (string column in (string[])["instance", "state", "endpoint"]) table.AddColumn(column, c => c.NoWrap());
        return table.AddColumn("reason");
    }

    private static void Fill(Table table, SystemStatus status, TimeSpan elapsed)
    {
        table.Rows.Clear();
        SystemProcess[] parts = [.. status.Processes.Where(p => p.Part != "supervisor")];
        foreach (SystemProcess process in parts)
        {
            string colour = process.State switch { "ready" => "green", "failed" or "unhealthy" => "red", _ => "yellow" };
            table.AddRow(
                new Markup(Markup.Escape(process.Instance)),
                new Markup($"[{colour}]{process.State}[/]"),
                new Markup($"[grey]{Markup.Escape(process.Endpoint ?? "")}[/]"),
                // One line each: a compiler's error in full follows when the start is given up.
                new Markup($"[grey]{Markup.Escape(process.Reason)}[/]").Overflow(Overflow.Ellipsis));
        }

        int ready = parts.Count(p => p.State == "ready");
        string progress = string.Create(CultureInfo.InvariantCulture, $"{ready}/{parts.Length} ready, {elapsed.TotalSeconds:0} s");
        table.AddRow(new Markup(""), new Markup(""), new Markup($"[grey]{progress}; Ctrl-C stops[/]"), new Markup(""));
    }
}
