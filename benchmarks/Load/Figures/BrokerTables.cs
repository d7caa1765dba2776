using System.Globalization;
using System.Text;
using Quintet.Load.Scenarios;

namespace Quintet.Load.Figures;

/// <summary>A table for each scenario, a line for each broker; and the few figures of it that a summary wants.</summary>
internal sealed class BrokerTables
{
    private const string Ours = "Quintet";

    private readonly List<Table> _tables = [];

    public void Add(string title, string target, string broker, Sample sample)
    {
        Table? table = _tables.Find(each => each.Title == title);
        if (table is null) _tables.Add(table = new Table(title, target));
        if (!table.Samples.TryGetValue(broker, out List<Sample>? samples)) table.Samples[broker] = samples = [];
        samples.Add(sample);
    }

    /// <summary>One sample in words, for whoever watches.</summary>
    public static string Line(Sample sample) =>
        string.Join(", ", Cells(sample).Zip(Columns).Where(cell => cell.First.Length > 0).Select(cell => $"{cell.Second} {cell.First}"));

    /// <summary>Everything.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach (Table table in _tables)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {char.ToUpperInvariant(table.Title[0])}{table.Title[1..]}\n\n");
            if (table.Target.Length > 0) text.Append(CultureInfo.InvariantCulture, $"Target of ours: {table.Target}.\n\n");
            List<(string Broker, Sample Median)> lines = [.. table.Samples.Select(broker => (broker.Key, Sample.MedianOf(broker.Value)))];
            bool[] shown = [.. Enumerable.Range(0, Columns.Length).Select(index => lines.Exists(line => Cells(line.Median)[index].Length > 0))];
            text.Append("| |").Append(Row(Columns, shown)).Append("\n|---|").Append(Row([.. Columns.Select(_ => "---:")], shown)).Append('\n');
            foreach ((string broker, Sample median) in lines)
                text.Append(CultureInfo.InvariantCulture, $"| {broker} |{Row(Cells(median), shown)}\n");
        }

        return text.ToString();
    }

    /// <summary>What a reader in a hurry wants: a line for each scenario, ours beside each other broker's.</summary>
    public string Summary()
    {
        List<string> others = [.. _tables.SelectMany(table => table.Samples.Keys).Distinct().Where(broker => broker != Ours)];
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"| | target | {Ours} | {string.Join(" | ", others)} |\n");
        text.Append(CultureInfo.InvariantCulture, $"|---|---|---:|{string.Concat(others.Select(_ => "---:|"))}\n");
        foreach (Table table in _tables)
        {
            IEnumerable<string> cells = ((string[])[Ours, .. others])
                .Select(broker => table.Samples.TryGetValue(broker, out List<Sample>? samples) ? Brief(Sample.MedianOf(samples)) : "–");
            text.Append(CultureInfo.InvariantCulture, $"| {table.Title} | {table.Target} | {string.Join(" | ", cells)} |\n");
        }

        return text.ToString();
    }

    private static readonly string[] Columns =
        ["broker CPU, µs a message", "messages/s", "p50 ms", "p99 ms", "p99.9 ms", "ready, s", "resident, MiB", "client CPU, µs a message", ""];

    private static string[] Cells(Sample sample) =>
    [
        Show(sample.BrokerMicros, "0.0"), Show(sample.PerSecond, "N0"), Show(sample.P50, "0.00"), Show(sample.P99, "0.00"), Show(sample.P999, "0.00"),
        Show(sample.Seconds, "0.00"), Show(sample.ResidentMib, "N0"), Show(sample.ClientMicros, "0.0"), sample.Note,
    ];

    private static string Row(string[] cells, bool[] shown) => string.Concat(cells.Where((_, index) => shown[index]).Select(cell => $" {cell} |"));

    private static string Brief(Sample sample)
    {
        List<string> parts = [];
        if (double.IsFinite(sample.Seconds)) parts.Add($"{Show(sample.Seconds, "0.00")} s");
        else if (double.IsFinite(sample.BrokerMicros)) parts.Add($"{Show(sample.BrokerMicros, "0.0")} µs CPU, {Show(sample.PerSecond, "N0")}/s");
        if (double.IsFinite(sample.P50)) parts.Add($"p50 {Show(sample.P50, "0.00")}, p99 {Show(sample.P99, "0.00")} ms");
        if (double.IsFinite(sample.ResidentMib) && !double.IsFinite(sample.P50)) parts.Add($"{Show(sample.ResidentMib, "N0")} MiB");
        return parts.Count > 0 ? string.Join("; ", parts) : sample.Note;
    }

    private static string Show(double value, string format) => double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "";

    private sealed record Table(string Title, string Target)
    {
        public Dictionary<string, List<Sample>> Samples { get; } = [];
    }
}
