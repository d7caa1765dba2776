using Quintet.Broker.Amqp;
using Quintet.Broker.Tests.Storage;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Files;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Connections;

public class PublishersAreHeldBack
{
    [Fact]
    public async Task Low_space_blocks_publishers_tells_them_why_and_lets_consumers_go_on()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        using TempFolder folder = new();
        await using (RunningBroker before = await RunningBroker.StartOverAsync(folder["data"]))
        {
            await using IConnection filling = await before.ConnectAsync();
            await using IChannel channel = await filling.ConfirmingAsync();
            await channel.QueueAsync("q");
            await channel.SendAsync("q", "kept");
        }

        await using RunningBroker broker = await RunningBroker.StartOverAsync(
            folder["data"], ("Broker:Storage:FreeBytesMin", $"{long.MaxValue}"), ("Broker:Storage:SpaceCheckInterval", "00:00:00.010"));
        using HttpClient http = broker.Management();
        await Quintet.TestKit.Processes.Eventually.TrueAsync(
            "the alarm is raised", async () => (int)(await http.GetAsync("/api/health/checks/alarms", stop)).StatusCode == 503, stop);
        await using IConnection connection = await broker.ConnectAsync();
        using RawClient publisher = await (await broker.ConnectRawAsync()).OpenAsync();
        await using IChannel consumer = await connection.ChannelAsync();

        await publisher.PublishAsync("q", "held back");

        Assert.Equal("kept", await consumer.TakeAsync("q"));
        Assert.Null(await consumer.TakeAsync("q"));

        using RawClient raw = await broker.ConnectRawAsync();
        await raw.SendAsync("AMQP\0\0\x09\x01"u8.ToArray());
        await raw.MethodAsync(MethodId.ConnectionStart);
        await raw.StartOkAsync("PLAIN", "\0guest\0guest"u8.ToArray());
        await raw.MethodAsync(MethodId.ConnectionTune);
        await raw.SendAsync(new MethodFrame(0, MethodId.ConnectionTuneOk).Short(2047).Long(131072).Short(0).ToArray());
        await raw.SendAsync(new MethodFrame(0, MethodId.ConnectionOpen).ShortString("/").ShortString("").Octet(0).ToArray());
        await raw.MethodAsync(MethodId.ConnectionOpenOk);
        Assert.Equal("\u000blow on disk"u8.ToArray(), await raw.MethodAsync(MethodId.ConnectionBlocked));
    }

    [Fact]
    public async Task A_disk_that_is_full_during_a_write_loses_nothing_and_everything_goes_on_by_itself()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        FaultyDisk disk = new();
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(
            disk, ("Broker:Storage:SegmentBytes", "65536"), ("Broker:Storage:FreeBytesMin", "0"), ("Broker:Storage:SpaceCheckInterval", "00:00:00.010")))
        await using (IConnection connection = await broker.ConnectAsync())
        {
            TaskCompletionSource<string> blocked = new(), unblocked = new();
            connection.ConnectionBlockedAsync += (_, told) => Task.FromResult(blocked.TrySetResult(told.Reason));
            connection.ConnectionUnblockedAsync += (_, _) => Task.FromResult(unblocked.TrySetResult(""));
            await using IChannel channel = await connection.ConfirmingAsync();
            await channel.QueueAsync("q");
            await channel.SendAsync("q", "before");
            disk.HasSpace = false;
            string large = new('x', 100_000); // more than a segment has room for, so that the file must grow

            Task held = channel.SendAsync("q", large).AsTask();

            Assert.Equal("low on disk", await blocked.Task.WaitAsync(stop));
            Assert.False(held.IsCompleted);
            disk.HasSpace = true;
            await held;
            await unblocked.Task.WaitAsync(stop);
            await channel.SendAsync("q", "after");
            await using RunningBroker next = await RunningBroker.StartOverAsync(disk.Reboot(PowerLoss.ForgetsUnsynced, new Random(1)));
            await using IConnection again = await next.ConnectAsync();
            await using IChannel reader = await again.ChannelAsync();
            Assert.Equal(["before", large, "after"], await reader.DrainAsync("q"));
        }
    }
}
