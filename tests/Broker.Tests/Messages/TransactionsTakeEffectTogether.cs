using System.Text;
using Quintet.Broker.Amqp;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Files;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Messages;

public class TransactionsTakeEffectTogether
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_there_before_commit_and_all_of_it_after()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("q");
        await channel.TxSelectAsync(Stop);
        await channel.SendAsync("q", "a");
        await channel.SendAsync("q", "b");
        Assert.Equal(0u, await channel.MessageCountAsync("q", Stop));

        await channel.TxCommitAsync(Stop);

        Assert.Equal(2u, await channel.MessageCountAsync("q", Stop));
        await channel.SendAsync("q", "c");
        await channel.TxRollbackAsync(Stop);
        await channel.TxCommitAsync(Stop);
        Assert.Equal(["a", "b"], await channel.DrainAsync("q"));
    }

    [Fact]
    public async Task A_queue_deleted_before_commit_is_no_destination_any_more_and_one_declared_anew_is()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        List<string> returned = [];
        channel.BasicReturnAsync += (_, message) =>
        {
            returned.Add(Encoding.UTF8.GetString(message.Body.Span));
            return Task.CompletedTask;
        };
        foreach (string queue in (string[])["gone", "anew"]) await channel.QueueAsync(queue);
        await channel.TxSelectAsync(Stop);

        foreach (string queue in (string[])["gone", "anew"])
            await channel.BasicPublishAsync("", queue, true, Encoding.UTF8.GetBytes(queue), Stop);
        foreach (string queue in (string[])["gone", "anew"]) await channel.QueueDeleteAsync(queue, false, false, cancellationToken: Stop);
        await channel.QueueAsync("anew");
        await channel.TxCommitAsync(Stop);

        Assert.Equal(["anew"], await channel.DrainAsync("anew"));
        Assert.Equal(["gone"], returned);
    }

    [Fact]
    public async Task Acknowledgements_wait_for_commit_and_a_rollback_leaves_them_outstanding()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel other = await connection.ConfirmingAsync();
        await other.QueueAsync("q");
        foreach (string body in (string[])["a", "b", "c"]) await other.SendAsync("q", body);
        await using (IChannel channel = await connection.ChannelAsync())
        {
            await channel.TxSelectAsync(Stop);
            ulong[] tags = new ulong[3];
            for (int index = 0; index < 3; index++) tags[index] = (await channel.BasicGetAsync("q", false, Stop))!.DeliveryTag;
            await channel.BasicAckAsync(tags[1], false, Stop);
            await channel.TxRollbackAsync(Stop);
            await channel.BasicAckAsync(tags[1], false, Stop); // known again: no 406
            await channel.BasicNackAsync(tags[0], false, requeue: true, Stop);
            Assert.Equal(0u, await channel.MessageCountAsync("q", Stop));
            await channel.TxCommitAsync(Stop);
            Assert.Equal(1u, await channel.MessageCountAsync("q", Stop));
            await channel.BasicAckAsync(tags[2], false, Stop);
            await channel.CloseAsync(Stop); // rolls back
        }

        Assert.Equal(["a", "c"], await other.DrainAsync("q"));
    }

    [Fact]
    public async Task What_was_committed_survives_a_kill_and_what_was_not_does_not_appear()
    {
        using TempFolder folder = new();
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("in");
        await channel.QueueAsync("out");
        await channel.TxSelectAsync(Stop);
        await channel.SendAsync("in", "work");
        await channel.TxCommitAsync(Stop);
        BasicGetResult work = (await channel.BasicGetAsync("in", false, Stop))!;
        await channel.SendAsync("out", "done");
        await channel.BasicAckAsync(work.DeliveryTag, false, Stop);
        await channel.TxCommitAsync(Stop);
        await channel.SendAsync("out", "never committed");

        await using RunningBroker next = await RunningBroker.StartOverAsync(broker.CopyAsAfterAKill(folder));

        await using IConnection again = await next.ConnectAsync();
        await using IChannel reader = await again.ChannelAsync();
        Assert.Empty(await reader.DrainAsync("in"));
        Assert.Equal(["done"], await reader.DrainAsync("out"));
    }

    [Fact]
    public async Task A_mandatory_message_that_goes_nowhere_comes_back_with_the_commit()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using RawClient client = await (await broker.ConnectRawAsync()).OpenAsync();
        await client.SendAsync(new MethodFrame(1, MethodId.TxSelect).ToArray());
        await client.MethodAsync(MethodId.TxSelectOk);
        await client.SendAsync(RawClient.Publish("nowhere", "a", flags: 1));
        await client.SendAsync(new MethodFrame(1, MethodId.TxRollback).ToArray());
        await client.MethodAsync(MethodId.TxRollbackOk);

        await client.SendAsync(RawClient.Publish("nowhere", "a", flags: 1));
        await client.SendAsync(new MethodFrame(1, MethodId.TxCommit).ToArray());

        await client.MethodAsync(MethodId.BasicReturn);
        Assert.Equal(2, (await client.FrameAsync())!.Value.Type);
        Assert.Equal("a", Encoding.UTF8.GetString((await client.FrameAsync())!.Value.Payload));
        await client.MethodAsync(MethodId.TxCommitOk);
    }

    [Theory]
    [InlineData(0u, MethodId.TxCommit, "channel is not transactional")]
    [InlineData(0u, MethodId.TxRollback, "channel is not transactional")]
    [InlineData(MethodId.ConfirmSelect, MethodId.TxSelect, "cannot switch from confirm to tx mode")]
    [InlineData(MethodId.TxSelect, MethodId.ConfirmSelect, "cannot switch from tx to confirm mode")]
    public async Task Modes_do_not_mix(uint first, uint then, string text)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using RawClient client = await (await broker.ConnectRawAsync()).OpenAsync();
        foreach (uint method in (uint[])[first, then])
        {
            if (method == 0) continue;
            MethodFrame frame = new(1, method);
            await client.SendAsync((method == MethodId.ConfirmSelect ? frame.Bit(false) : frame).ToArray());
            if (method == first) await client.MethodAsync(method + 1);
        }

        Assert.Equal((406, $"PRECONDITION_FAILED - {text}", then), await client.CloseAsync(MethodId.ChannelClose));
    }

    [Fact]
    public async Task A_full_queue_fails_the_commit_and_a_transaction_has_a_limit()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:TransactionBytes", "2048"));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel full = await connection.ChannelAsync();
        await full.QueueAsync("full", ("x-max-length", 1), ("x-overflow", "reject-publish"));
        await full.TxSelectAsync(Stop);
        await full.SendAsync("full", "a");
        await full.SendAsync("full", "b");
        await Assert.ThrowsAnyAsync<Exception>(() => full.TxCommitAsync(Stop));
        Assert.Equal("PRECONDITION_FAILED - partial tx completion", full.CloseReason!.ReplyText);
        Assert.Equal((ushort)90, full.CloseReason.ClassId);

        using RawClient client = await (await broker.ConnectRawAsync()).OpenAsync();
        await client.SendAsync(new MethodFrame(1, MethodId.TxSelect).ToArray());
        await client.MethodAsync(MethodId.TxSelectOk);
        await client.SendAsync(RawClient.Publish("full", new string('x', 2000)));
        (int code, string text, _) = await client.CloseAsync(MethodId.ChannelClose);
        Assert.Equal(406, code);
        Assert.EndsWith("is larger than the configured max size 2048", text, StringComparison.Ordinal);
    }
}
