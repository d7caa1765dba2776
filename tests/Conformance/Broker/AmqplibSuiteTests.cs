using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Conformance.Broker;

/// <summary>The tests that amqplib ships with itself, as its package brings them.</summary>
public sealed class AmqplibSuiteTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Amqplibs_own_suite_passes()
    {
        string modules = Need.NodeModules(Repository.At("tests", "Conformance", "clients", "node"));
        if (!Directory.Exists(Path.Combine(modules, "claire"))) Assert.Skip($"needs npm package claire: (cd {modules}/.. && npm ci)");
        // One of its tests wants to be told that it speaks to RabbitMQ.
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation, ("Broker__Product", "RabbitMQ"));
        string suite = Path.Combine(modules, "amqplib");
        Dictionary<string, string?> environment = new()
        {
            ["AMQP_PORT"] = $"{broker.Port}",
            ["NODE_OPTIONS"] = $"--require=\"{Repository.At("tests", "Conformance", "Broker", "AmqplibPort.cjs")}\"",
        };

        (int exitCode, string output) = await ChildProcess.RunAsync(
            Need.Program("node", "nodejs"),
            ["--test", "--test-timeout=600000", .. Directory.GetFiles(Path.Combine(suite, "test"), "*.test.js")],
            Cancellation,
            suite,
            environment);

        Assert.True(exitCode == 0, output);
        Assert.Matches("(?m)^(#|ℹ) pass [3-9][0-9][0-9]$", output); // it did run
    }
}
