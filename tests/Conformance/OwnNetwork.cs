using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Conformance;

/// <summary>
/// Runs a suite beside a broker of its own in a network namespace of its own: there RabbitMQ's ports are free, and suites that know no other
/// ports run as their authors wrote them.
/// </summary>
internal static class OwnNetwork
{
    private static readonly string Suites = Repository.At("tests", "Conformance", "suites");

    /// <summary>A suite that <c>suites/fetch</c> has unpacked.</summary>
    public static string Fetched(string suite)
    {
        string path = Path.Combine(Suites, suite);
        if (!Directory.Exists(path)) Assert.Skip($"needs {suite}: tests/Conformance/suites/fetch");
        return path;
    }

    /// <summary>Runs a command in the suite's folder; gives its exit code and what it and the broker said.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string folder, string[] command, CancellationToken cancellation, params (string Key, string? Value)[] environment)
    {
        string unshare = Need.DebianFile("/usr/bin/unshare", "util-linux");
        Need.Program("ip", "iproute2");
        string[] own = ["--net", "--map-root-user"];
        (int refused, string reason) = await ChildProcess.RunAsync(unshare, [.. own, "true"], cancellation);
        if (refused != 0) Assert.Skip($"needs the right to make a network namespace: {reason}");

        using TempFolder data = new();
        // Some tests want to be told that they speak to RabbitMQ.
        Dictionary<string, string?> variables = new() { ["Broker__Product"] = "RabbitMQ", ["Broker__ManagementPort"] = "15672", ["PWD"] = folder };
        foreach ((string key, string? value) in environment) variables[key] = value;
        return await ChildProcess.RunAsync(
            unshare, [.. own, Path.Combine(Suites, "alone"), Repository.Command, data["broker"], .. command], cancellation, folder, variables);
    }
}
