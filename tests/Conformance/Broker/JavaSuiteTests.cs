using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Conformance.Broker;

/// <summary>
/// The functional and server tests of RabbitMQ's client for Java, unmodified, with Debian's libraries and beside a broker in a network of its own.
/// What they ask of rabbitmqctl goes to the management API; where they restart RabbitMQ, the broker is killed and started again. They measure times
/// and take minutes, so they run when asked for: <c>tests/Conformance/suites/run</c>.
/// </summary>
public sealed class JavaSuiteTests
{
    private const string Suite = "rabbitmq-java-client-5.0.0";

    private static readonly string[] Functional =
    [
        "AlternateExchange", "BasicConsume", "BasicGet", "BindingLifecycle", "CcRoutes", "Confirm", "ConnectionOpen", "ConsumerCancelNotification",
        "ConsumerCount", "ConsumerPriorities", "DeadLetterExchange", "DefaultExchange", "DirectReplyTo", "DoubleDeletion", "DurableOnTransient",
        "ExceptionHandling", "ExceptionMessages", "ExchangeDeclare", "ExchangeDeleteIfUnused", "ExchangeExchangeBindings",
        "ExchangeExchangeBindingsAutoDelete", "FrameMax", "HeadersExchangeValidation", "Heartbeat", "InternalExchange", "InvalidAcks", "InvalidAcksTx",
        "MessageCount", "Metrics", "Nack", "NoRequeueOnCancel", "PerConsumerPrefetch", "PerMessageTTL", "PerQueueTTL", "PerQueueVsPerMessageTTL",
        "Policies", "QosTests", "QueueExclusivity", "QueueLease", "QueueLifecycle", "QueueSizeLimit", "Recover", "Reject", "RequeueOnChannelClose",
        "RequeueOnConnectionClose", "Routing", "SaslMechanisms", "Tables", "Transactions", "UnbindAutoDeleteExchange", "UnexpectedFrames", "UserIDHeader",
    ];

    private static readonly string[] Server =
    [
        "AbsentQueue", "AlternateExchangeEquivalence", "DurableBindingLifecycle", "ExclusiveQueueDurability", "Permissions", "PersistenceGuarantees",
        "PriorityQueues", "TopicPermissions", "XDeathHeaderGrowth",
    ];

    /// <summary>Tests of RabbitMQ 3: 4.0.5 answers otherwise, and so does this broker (recorded in recorded_answers/cases.jsonl).</summary>
    private static readonly string[] OfRabbitMq3 =
    [
        "DeadLetterExchange.deadLetterNewRK", // takes the header CC away when a dead letter gets another routing key
        "DeadLetterExchange.republish", // believes an x-death that a client publishes
        "XDeathHeaderGrowth.handlingOfXDeathHeadersFromEarlierVersions",
    ];

    private static readonly string[] Jars =
        ["amqp-client", "junit4", "hamcrest-all", "mockito-core", "byte-buddy", "objenesis", "slf4j-api", "slf4j-nop", "commons-cli", "metrics-core"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task The_Java_clients_own_functional_tests_pass() => await RunAsync("functional", Functional, atLeast: 200);

    [Fact(Explicit = true)]
    public async Task The_Java_clients_own_tests_of_a_server_pass_over_kills() => await RunAsync("server", Server, atLeast: 20);

    private static async Task RunAsync(string package, string[] classes, int atLeast)
    {
        string javac = Need.Program("javac", "default-jdk-headless");
        foreach (string jar in Jars) Need.DebianFile($"/usr/share/java/{jar}.jar", $"package with {jar}.jar: see .ci/run");
        string suite = OwnNetwork.Fetched(Suite), ours = Repository.At("tests", "Conformance", "clients", "java");
        using TempFolder built = new();
        string libraries = string.Join(':', Jars.Select(jar => $"/usr/share/java/{jar}.jar"));
        string tests = Path.Combine(suite, "src", "test", "java");
        string[] sources = [.. classes.Select(name => Path.Combine(tests, "com", "rabbitmq", "client", "test", package, $"{name}.java"))];
        (int compiled, string problems) = await ChildProcess.RunAsync(
            javac,
            ["-nowarn", "-proc:none", "-d", built.Path, "-sourcepath", $"{tests}:{ours}", "-cp", libraries, Path.Combine(ours, "SuiteRun.java"), .. sources],
            Cancellation);
        Assert.True(compiled == 0, problems);
        File.Copy(Path.Combine(suite, "src", "test", "resources", "config.properties"), built["config.properties"]);

        (int exitCode, string output) = await OwnNetwork.RunAsync(
            suite,
            [
                "java", "-cp", $"{built.Path}:{libraries}", "-Dbroker.hostname=localhost", "-Dbroker.port=5672", "-Dtest-broker.A.nodename=one",
                // The suite hands them to a shell without quotes: relative, they have no blank whatever the checkout is called.
                $"-Drabbitmqctl.bin={Path.GetRelativePath(suite, Path.Combine(ours, "rabbitmqctl"))}",
                $"-Dmake.bin={Path.GetRelativePath(suite, Path.Combine(ours, "make"))}", "SuiteRun",
                .. classes.Select(name => $"com.rabbitmq.client.test.{package}.{name}"), .. OfRabbitMq3.Select(test => $"-{test}"),
            ],
            Cancellation);

        Assert.True(exitCode == 0, output);
        string passed = output.Split('\n').Last(line => line.Contains(" passed, ", StringComparison.Ordinal)).Split(' ')[0];
        Assert.InRange(int.Parse(passed, System.Globalization.CultureInfo.InvariantCulture), atLeast, 1000);
    }
}
