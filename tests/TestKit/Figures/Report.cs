using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;

namespace Quintet.TestKit.Figures;

/// <summary>What was measured, with what a reader needs to believe it: commit, versions, machine, load before and after.</summary>
public sealed class Report(string command, Action<string>? progress = null)
{
    private readonly List<(string What, string Value, string Target)> rows = [];
    private readonly string loadBefore = LoadAverage();
    private string text = "";

    /// <summary>Adds a row, and tells it at once: a measurement takes minutes, and whoever waits sees how far it is.</summary>
    public void Add(string what, string value, string target = "")
    {
        rows.Add((what, value, target));
        progress?.Invoke($"{what}: {value}");
    }

    /// <summary>Adds text of the caller's own below the table, or instead of one.</summary>
    public void AddText(string added) => text += added;

    public override string ToString()
    {
        StringBuilder all = new();
        all.Append(CultureInfo.InvariantCulture, $"`{command}`\n\n");
        all.Append(CultureInfo.InvariantCulture, $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, ");
        all.Append(CultureInfo.InvariantCulture, $"{Processor()}, {Environment.ProcessorCount} cores; ");
        all.Append(CultureInfo.InvariantCulture, $"load average {loadBefore} before, {LoadAverage()} after\n\n");
        if (rows.Count > 0) all.Append("| what | measured | target |\n|---|---|---|\n");
        foreach ((string what, string value, string target) in rows) all.Append(CultureInfo.InvariantCulture, $"| {what} | {value} | {target} |\n");
        return all.Append(text).ToString();
    }

    public async Task SaveAsync(string name, CancellationToken cancellation)
    {
        (_, string commit) = await ChildProcess.RunAsync("git", ["describe", "--always", "--dirty"], cancellation, Repository.Root);
        await File.WriteAllTextAsync(Repository.At("benchmarks", "results", $"{name}.md"), $"# {name}\n\nCommit {commit.Trim()}. {this}", cancellation);
    }

    private static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static string Processor() =>
        File.ReadLines("/proc/cpuinfo")
            .Where(line => line.StartsWith("model name", StringComparison.Ordinal))
            .Select(line => line.Split(':')[1].Trim())
            .FirstOrDefault("unknown processor");
}
