using Quintet.Broker.Amqp;
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
}
