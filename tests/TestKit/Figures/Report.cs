using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;

namespace Quintet.TestKit.Figures;

/// <summary>What was measured, with what a reader needs to believe it: commit, versions, machine, load before and after.</summary>
public sealed class Report(string command)
{
    private readonly List<(string What, string Value, string Target)> rows = [];
    private readonly string loadBefore = LoadAverage();

    public void Add(string what, string value, string target = "") => rows.Add((what, value, target));

    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"`{command}`\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, ");
        text.Append(CultureInfo.InvariantCulture, $"{Processor()}, {Environment.ProcessorCount} cores; ");
        text.Append(CultureInfo.InvariantCulture, $"load average {loadBefore} before, {LoadAverage()} after\n\n");
        text.Append("| what | measured | target |\n|---|---|---|\n");
        foreach ((string what, string value, string target) in rows) text.Append(CultureInfo.InvariantCulture, $"| {what} | {value} | {target} |\n");
        return text.ToString();
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
