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

    /// <summary>Until Ctrl-C, which is how it ends; a supervisor that is gone ends it, too.</summary>
    public async Task<int> FollowAsync(TimeSpan pause, CancellationToken cancellation)
    {
        Table table = new() { Border = TableBorder.None };
        foreach (string head in Heads) table.AddColumn(new TableColumn(new Markup($"[grey]{head}[/]")).NoWrap());
        try
        {
            await AnsiConsole.Live(table).StartAsync(async live =>
            {
                while (true)
                {
                    Fill(table, await loads.ReadAsync(cancellation));
                    live.Refresh();
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

    private void Fill(Table table, IReadOnlyList<PartLoad> read)
    {
        table.Rows.Clear();
        foreach (PartLoad load in read)
        {
            string[] cells = Cells(load);
            string colour = load.State switch { "ready" => "green", "failed" or "unhealthy" => "red", _ => "yellow" };
            cells[1] = $"[{colour}]{cells[1]}[/]";
            if (load.FailingShare > 0) cells[4] = $"[red]{cells[4]}[/]";
            table.AddRow([.. cells.Select(cell => new Markup(cell))]);
        }

        table.Caption = new TableTitle(loads.Blindness is { } blindness ? Markup.Escape(blindness) : "Ctrl-C ends");
    }

    private static string[] Cells(PartLoad load) =>
    [
        load.Part, load.State, load.Ready == load.Instances ? $"{load.Instances}" : $"{load.Ready} of {load.Instances}", Words.Rate(load.Rate),
        Words.Percent(load.FailingShare), Words.Duration(load.P50), Words.Duration(load.P99), Words.Percent(load.Cpu),
        load.MemoryMb.ToString("0.0", CultureInfo.InvariantCulture),
    ];
}
