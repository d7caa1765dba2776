using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Conformance.Broker;

public sealed class BrokerClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Amqplib_publishes_consumes_and_is_refused_as_by_rabbitmq()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await ForeignClient.NodeAsync("broker.mjs", ("AMQP_URL", UrlOf(broker)));
    }

    [Fact]
    public async Task Pika_publishes_consumes_and_is_refused_as_by_rabbitmq()
    {
        Need.PythonModule("pika", "python3-pika");
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await ForeignClient.PythonAsync("broker.py", ("AMQP_URL", UrlOf(broker)));
    }

    [Theory]
    [InlineData("broker_fan_out.py")]
    [InlineData("broker_dead_letters.py")]
    public async Task Pika_finds_every_message_once_under_returns_and_dead_letters(string script)
    {
        Need.PythonModule("pika", "python3-pika");
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await ForeignClient.PythonAsync(script, ("AMQP_URL", UrlOf(broker)));
    }

    [Fact]
    public async Task Pika_reads_a_stream_from_anywhere_while_it_grows()
    {
        Need.PythonModule("pika", "python3-pika");
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await ForeignClient.PythonAsync("broker_streams.py", ("AMQP_URL", UrlOf(broker)));
    }

    [Fact]
    public async Task Librabbitmqs_tools_publish_and_get()
    {
        string publish = Need.DebianFile("/usr/bin/amqp-publish", "amqp-tools");
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        string url = UrlOf(broker);

        await MustRunAsync("/usr/bin/amqp-declare-queue", ["--url", url, "-d", "-q", "tools"]);
        await MustRunAsync(publish, ["--url", url, "-r", "tools", "-p", "-b", "from C"]);
        // The publisher does not wait for the broker: the message may still be on its way when the next process asks.
        string body = await Eventually.GetAsync("the message", () => GetOneAsync(url), Cancellation);

        Assert.Equal("from C", body);
    }

    [Fact]
    public async Task RabbitMQ_Client_sees_a_missing_queue_as_404_on_its_channel_only()
    {
        await using BoxProcess broker = await BoxProcess.StartAsync("broker", Cancellation);
        await using IConnection connection = await new ConnectionFactory { Uri = new Uri(UrlOf(broker)) }.CreateConnectionAsync(Cancellation);
        IChannel doomed = await connection.CreateChannelAsync(cancellationToken: Cancellation);

        OperationInterruptedException refused = await Assert.ThrowsAsync<OperationInterruptedException>(
            () => doomed.QueueDeclarePassiveAsync("none", Cancellation));

        Assert.Equal(404, refused.ShutdownReason!.ReplyCode);
        Assert.Equal("NOT_FOUND - no queue 'none' in vhost '/'", refused.ShutdownReason.ReplyText);
        Assert.True(connection.IsOpen);
        await using IChannel next = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        QueueDeclareOk some = await next.QueueDeclareAsync(
            "some", durable: true, exclusive: false, autoDelete: false, cancellationToken: Cancellation);
        Assert.Equal(0u, some.MessageCount);
    }

    private static string UrlOf(BoxProcess broker) => $"amqp://guest:guest@127.0.0.1:{broker.Port}/%2F";

    private static async Task MustRunAsync(string program, string[] arguments)
    {
        (int exitCode, string output) = await ChildProcess.RunAsync(program, arguments, Cancellation);
        Assert.True(exitCode == 0, $"{program}: {output}");
    }

    private static async Task<string?> GetOneAsync(string url)
    {
        (int exitCode, string output) = await ChildProcess.RunAsync("/usr/bin/amqp-get", ["--url", url, "-q", "tools"], Cancellation);
        return exitCode == 0 ? output.Trim() : null;
    }
}
