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

    [Fact]
    public async Task One_of_a_stream_does_too_and_what_was_confirmed_is_there()
    {
        await using ShadowedBroker broker = new();
        await broker.StartAsync();
        using IConnection connection = await broker.ConnectAsync();
        IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("events", ("x-queue-type", "stream"));
        await channel.SendAsync("events", "before");
        await broker.BreakSyncAsync("stream-");

        List<string> confirmed = ["before"];
        try
        {
            for (int number = 0; ; number++)
            {
                await channel.SendAsync("events", $"{number}");
                confirmed.Add($"{number}"); // the message log's sync is what confirms
            }
        }
        catch (Exception failure) when (failure is IOException or RabbitMQ.Client.Exceptions.RabbitMQClientException or ObjectDisposedException)
        {
            // The process ended.
        }

        await broker.EndedAsync();
        Assert.Contains("fdatasync: Input/output error", broker.Output, StringComparison.Ordinal);
        await using RunningBroker next = await RunningBroker.StartOverAsync(broker.CopyOfShadow());
        await using IConnection again = await next.ConnectAsync();
        await using IChannel reader = await again.ChannelAsync();
        await reader.BasicQosAsync(0, 100, false, Stop);
        var deliveries = await reader.ConsumeAsync("events", arguments: new() { ["x-stream-offset"] = "first" });
        foreach (string body in confirmed) Assert.Equal(body, (await deliveries.ReadAsync(Stop)).Text());
    }
}
