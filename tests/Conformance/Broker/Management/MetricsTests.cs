using System.Text.RegularExpressions;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Conformance.Broker.Management;

/// <summary>
/// Metrics are compared with those of RabbitMQ's Prometheus plugin by name, type and labels: a dashboard or an alert made for the one must find its
/// series at the other. What differs is listed with its reason.
/// </summary>
public sealed partial class MetricsTests
{
    private static readonly string[] Paths =
    [
        "/metrics", "/metrics/per-object", "/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count",
        "/metrics/detailed?family=queue_metrics&vhost=shop", "/metrics/detailed?family=queue_delivery_metrics", "/metrics/detailed?family=vhost_status",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_have_the_names_types_and_labels_of_RabbitMQs_plugin_but_for_what_is_listed()
    {
        await using RabbitProcess rabbit = await RabbitProcess.StartAsync(Cancellation);
        await using BoxProcess box = await BoxProcess.StartAsync("broker", Cancellation);
        await using AskedBroker theirs = await AskedBroker.SetUpAsync(rabbit.Port, rabbit.ManagementPort);
        await using AskedBroker ours = await AskedBroker.SetUpAsync(box.Port, box.ManagementPort);
        ListedDifferences listed = ListedDifferences.Read("metric-differences.txt");
        List<string> unlisted = [];

        foreach (string path in Paths)
        {
            Dictionary<string, string> here = await ScrapeAsync(box.ManagementPort, path), there = await ScrapeAsync(rabbit.MetricsPort, path);
            foreach (string name in here.Keys.Union(there.Keys).Order(StringComparer.Ordinal))
            {
                string? difference = !here.TryGetValue(name, out string? mine) ? $"{name} only there"
                    : !there.TryGetValue(name, out string? its) ? $"{name} only here"
                    : mine == its ? null : $"{name} is {mine} here, {its} there";
                if (difference is not null && !listed.IsListed(path, difference)) unlisted.Add($"{path} | {difference}");
            }
        }

        Assert.True(unlisted.Count == 0, $"not listed in metric-differences.txt:\n{string.Join('\n', unlisted)}");
        Assert.True(!listed.Vanished.Any(), $"listed in metric-differences.txt, and no difference any more:\n{string.Join('\n', listed.Vanished)}");
    }

    /// <summary>Each metric that has a sample, with its type and the names of its labels.</summary>
    private static async Task<Dictionary<string, string>> ScrapeAsync(int port, string path)
    {
        using HttpClient http = new(new SocketsHttpHandler());
        string text = await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}{path}"), Cancellation);
        Dictionary<string, string> types = [], found = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal)) types[line.Split(' ')[2]] = line.Split(' ')[3];
            if (line[0] == '#') continue;
            Match sample = Sample().Match(line);
            Assert.True(sample.Success, $"{path}: '{line}' is no sample");
            string name = sample.Groups["name"].Value;
            string labels = string.Join(',', sample.Groups["label"].Captures.Select(label => label.Value).Order(StringComparer.Ordinal));
            found[name] = $"{types.GetValueOrDefault(name, "untyped")}{{{labels}}}";
        }

        return found;
    }

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?<label>[a-zA-Z_][a-zA-Z0-9_]*)="(\\.|[^"\\])*",?)*\})? \S+$""")]
    private static partial Regex Sample();
}
