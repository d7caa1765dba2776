using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Conformance.Broker;

/// <summary>The tests that Python's clients ship with themselves, unmodified, and a real Celery worker.</summary>
public sealed class PythonSuiteTests
{
    /// <summary>Written for RabbitMQ 3: since 4.0 an unknown exchange type closes the channel with 406, not the connection with 503.</summary>
    private const string OfRabbitMq3 = "InvalidExchangeType";

    /// <summary>gevent and Twisted bring sockets that the port cannot be told.</summary>
    private const string NotHere = "gevent or twisted";

    private static readonly string Suites = Repository.At("tests", "Conformance", "suites");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pikas_own_acceptance_tests_pass()
    {
        Need.PythonModule("tornado", "python3-tornado");
        string output = await PytestAsync(
            "pika-1.3.2",
            ["tests/acceptance/blocking_adapter_test.py", "tests/acceptance/async_adapter_tests.py", "-k", $"not ({OfRabbitMq3} or {NotHere})"]);

        Assert.Matches("[2-9][0-9][0-9] passed", output); // it did run
    }

    [Fact]
    public async Task Py_amqps_own_integration_tests_pass()
    {
        Need.PythonModule("vine", "python3-celery");
        Need.PythonModule("pytest_rerunfailures", "python3-pytest-rerunfailures"); // as the suite asks by its marks
        string output = await PytestAsync("amqp-5.3.1", ["t/integration", "-k", "not tls", "-W", "ignore"]);

        Assert.Matches("[4-9][0-9] passed", output);
    }

    [Theory]
    [InlineData("classic")]
    [InlineData("quorum")]
    public async Task A_Celery_worker_runs_tasks_and_returns_results(string queueType)
    {
        Need.PythonModule("celery", "python3-celery"); // what Celery itself needs
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await ForeignClient.PythonAsync(
            "celery_work/drive.py",
            ("AMQP_URL", $"amqp://guest:guest@127.0.0.1:{broker.Port}/%2F"),
            ("QUEUE_TYPE", queueType),
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("PYTHONPATH", Fetched("celery")));
    }

    private static async Task<string> PytestAsync(string suite, string[] tests)
    {
        Need.PythonModule("pytest", "python3-pytest");
        string folder = Fetched(suite);
        // One of the tests wants to be told that it speaks to RabbitMQ.
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation, ("Broker__Product", "RabbitMQ"));
        Dictionary<string, string?> environment = new()
        {
            ["AMQP_PORT"] = $"{broker.Port}",
            ["RABBITMQ_5672_TCP"] = $"{broker.Port}",
            ["PYTHONDONTWRITEBYTECODE"] = "1",
            ["PYTHONPATH"] = Suites,
        };

        (int exitCode, string output) = await ChildProcess.RunAsync(
            Need.Python, ["-m", "pytest", "-q", "-p", "broker_port", "-p", "no:cacheprovider", .. tests], Cancellation, folder, environment);

        Assert.True(exitCode == 0, output);
        return output;
    }

    private static string Fetched(string folder)
    {
        string path = Path.Combine(Suites, folder);
        if (!Directory.Exists(path)) Assert.Skip($"needs {folder}: tests/Conformance/suites/fetch");
        return path;
    }
}
