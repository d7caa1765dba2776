using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Conformance.Broker;

/// <summary>What RabbitMQ 4.0.5 answered to 497 scripts of methods, good and bad, word for word.</summary>
public sealed class RecordedAnswersTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_broker_answers_as_RabbitMQ_did_but_where_it_is_said_otherwise()
    {
        Need.PythonModule("pika", "python3-pika");
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await ForeignClient.PythonAsync(
            "recorded_answers.py",
            ("AMQP_URL", $"amqp://guest:guest@127.0.0.1:{broker.Port}/%2F"),
            ("PYTHONDONTWRITEBYTECODE", "1"));
    }
}
