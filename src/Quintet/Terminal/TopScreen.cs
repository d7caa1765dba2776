using System.Globalization;
using Spectre.Console;

namespace Quintet.Terminal;

/// <summary>Shows what the parts have to do: once as text, or as a live table.</summary>
internal sealed class TopScreen(PartLoads loads, TimeProvider time)
{
    private static readonly string[] Heads = ["PART", "STATE", "INSTANCES", "REQUESTS", "FAILING", "P50", "P99", "CPU", "MEMORY MB"];

    public static TextTable Table(IReadOnlyList<PartLoad> loads)
    {
        TextTable table = new(Heads);
        foreach (PartLoad load in loads) table.Add(Cells(load));
        return table;
    }

    /// <summary>A row is one line, however narrow the terminal is.</summary>
    public static Table Drawn(IReadOnlyList<PartLoad> read, string caption, int width)
    {
        string[][] rows = [.. read.Select(Cells)];
        int shown = Fitting([Heads, .. rows], width);
        Table table = new() { Border = TableBorder.None, Caption = new TableTitle(Markup.Escape(caption)) };
        foreach (string head in Heads.Take(shown)) table.AddColumn(new TableColumn($"[grey]{head}[/]") { NoWrap = true, Padding = new Padding(0, 0, 1, 0) });
        foreach ((PartLoad load, string[] cells) in read.Zip(rows))
        {
            string colour = load.State switch { "ready" => "green", "failed" or "unhealthy" => "red", _ => "yellow" };
            cells[1] = $"[{colour}]{cells[1]}[/]";
            if (load.FailingShare > 0) cells[4] = $"[red]{cells[4]}[/]";
            table.AddRow([.. cells.Take(shown).Select(cell => new Markup(cell))]);
        }

        return table;
    }

    /// <summary>Until Ctrl-C, which is how it ends; a supervisor that is gone ends it, too.</summary>
    public async Task<int> FollowAsync(TimeSpan pause, CancellationToken cancellation)
    {
        try
        {
            await AnsiConsole.Live(new Text("")).StartAsync(async live =>
            {
                while (true)
                {
                    IReadOnlyList<PartLoad> read = await loads.ReadAsync(cancellation);
                    live.UpdateTarget(Drawn(read, loads.Blindness ?? "Ctrl-C ends", AnsiConsole.Profile.Width));
                    await Task.Delay(pause, time, cancellation);
                }
            });
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCode.Done;
        }

        return ExitCode.Done;
    }

    /// <summary>How many columns stand beside each other without a break; where the terminal is narrow, the last ones are left out.</summary>
    private static int Fitting(string[][] rows, int width)
    {
        int used = 0;
        int[] widths = [.. Heads.Select((_, column) => rows.Max(row => row[column].Length) + 1)];
        return Math.Max(2, widths.TakeWhile(one => (used += one) <= width).Count());
    }

    private static string[] Cells(PartLoad load) =>
    [
        load.Part, load.State, load.Ready == load.Instances ? $"{load.Instances}" : $"{load.Ready} of {load.Instances}", Words.Rate(load.Rate),
        Words.Percent(load.FailingShare), Words.Duration(load.P50), Words.Duration(load.P99), Words.Percent(load.Cpu),
        load.MemoryMb.ToString("0.0", CultureInfo.InvariantCulture),
    ];
}
