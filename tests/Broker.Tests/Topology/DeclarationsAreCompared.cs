using Quintet.Broker.Tests.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Topology;

/// <summary>The texts that frameworks match.</summary>
public class DeclarationsAreCompared
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<int, string, Func<IChannel, Task>> Refusals => new()
    {
        { 406, "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue 'q' in vhost '/': received '5' but current is '60000'", channel =>
            channel.QueueAsync("q", ("x-message-ttl", 5)) },
        { 406, "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue 'q' in vhost '/': received none but "
            + "current is the value '60000' of type 'signedint'",
            channel => channel.QueueAsync("q") },
        { 406, "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received 'false' but current is 'true'", channel =>
            channel.QueueDeclareAsync("q", false, false, false) },
        { 406, "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received 'quorum' but current is 'classic'",
            channel => channel.QueueAsync("q", ("x-queue-type", "quorum")) },
        { 406, "PRECONDITION_FAILED - invalid arg 'x-queue-type' for queue 's' in vhost '/': \"unsupported queue type 'tape'\"", channel =>
            channel.QueueAsync("s", ("x-queue-type", "tape")) },
        { 406, "PRECONDITION_FAILED - invalid arg 'x-message-ttl' for queue 'n' in vhost '/': {value_negative,-1}", channel => channel.QueueAsync("n",
            ("x-message-ttl", -1)) },
        { 406, "PRECONDITION_FAILED - invalid arg 'x-max-priority' for queue 'n' in vhost '/' of queue type rabbit_quorum_queue", channel =>
            channel.QueueAsync("n", ("x-queue-type", "quorum"), ("x-max-priority", 5)) },
        { 406, "PRECONDITION_FAILED - invalid property 'exclusive-owner' for queue 'n' in vhost '/'", channel => channel.QueueDeclareAsync("n", true,
            true, false, ClientExtensions.Quorum) },
        { 403, "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'", channel => channel.QueueAsync("amq.mine") },
        { 403, "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'", channel => channel.ExchangeDeclareAsync("amq.mine", "fanout") },
        { 406, "PRECONDITION_FAILED - unknown exchange type 'bogus'", channel => channel.ExchangeDeclareAsync("x", "bogus") },
        { 406, "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'amq.direct' in vhost '/': received 'fanout' but current is 'direct'",
            channel => channel.ExchangeDeclareAsync("amq.direct", "fanout", true) },
        { 404, "NOT_FOUND - no queue 'missing' in vhost '/'", channel => channel.QueueDeclarePassiveAsync("missing") },
        { 404, "NOT_FOUND - no exchange 'missing' in vhost '/'", channel => channel.QueueBindAsync("q", "missing", "k") },
        { 403, "ACCESS_REFUSED - operation not permitted on the default exchange", channel => channel.QueueBindAsync("q", "", "k") },
        { 406, "PRECONDITION_FAILED - unknown delivery tag 99", channel => AndThenAsync(channel, channel.BasicAckAsync(99, false).AsTask()) },
    };

    [Fact]
    public async Task What_differs_is_refused_word_for_word()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel first = await connection.ChannelAsync();
        await first.QueueAsync("q", ("x-message-ttl", 60_000));

        foreach ((int code, string text, Func<IChannel, Task> act) in Refusals.Select(row => row.Data))
        {
            await using IChannel channel = await connection.ChannelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => act(channel));
            Assert.Equal((code, text), (channel.CloseReason!.ReplyCode, channel.CloseReason.ReplyText));
        }
    }

    [Fact]
    public async Task The_same_again_is_fine_whatever_the_width_of_its_integers()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();

        await channel.QueueAsync("q", ("x-message-ttl", 60_000), ("x-custom", "a"));
        await channel.QueueAsync("q", ("x-message-ttl", 60_000L), ("x-custom", "b"));
        await channel.QueueDeclareAsync("", false, true, true, cancellationToken: Stop);

        Assert.StartsWith("amq.gen-", channel.CurrentQueue);
    }

    private static async Task AndThenAsync(IChannel channel, Task sent)
    {
        await sent;
        await channel.QueueDeclarePassiveAsync("q"); // the close comes before its answer
    }
}
