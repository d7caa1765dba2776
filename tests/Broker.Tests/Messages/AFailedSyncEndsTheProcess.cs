using Quintet.Broker.Tests.Hosts;
using Quintet.Broker.Tests.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Messages;

public sealed class AFailedSyncEndsTheProcess
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("messages-")]
    [InlineData("definitions-")]
    public async Task It_says_why_and_confirms_nothing_more(string files)
    {
        await using ShadowedBroker broker = new();
        await broker.StartAsync();
        using IConnection connection = await broker.ConnectAsync();
        IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("orders");
        await channel.SendAsync("orders", "before");

        await broker.BreakSyncAsync(files);
        Task refused = files == "messages-" ? channel.SendAsync("orders", "after").AsTask() : channel.QueueAsync("more");

        await Assert.ThrowsAnyAsync<Exception>(() => refused);
        await broker.EndedAsync();
        Assert.NotEqual(0, broker.ExitCode);
        Assert.Contains("fdatasync: Input/output error", broker.Output, StringComparison.Ordinal);
        await using RunningBroker next = await RunningBroker.StartOverAsync(broker.CopyOfShadow());
        await using IConnection again = await next.ConnectAsync();
        await using IChannel reader = await again.ChannelAsync();
        Assert.Equal(["before"], await reader.DrainAsync("orders"));
        await Assert.ThrowsAnyAsync<Exception>(() => reader.QueueDeclarePassiveAsync("more", Stop));
    }
}
