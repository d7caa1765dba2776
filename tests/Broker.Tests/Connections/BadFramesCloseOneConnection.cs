using System.Text;
using Quintet.Broker.Amqp;
using Quintet.Broker.Tests.Systems;
using Xunit;

namespace Quintet.Broker.Tests.Connections;

/// <summary>What RabbitMQ answers to a client that breaks the protocol, word for word.</summary>
public class BadFramesCloseOneConnection
{
    private static readonly byte[] Publish = new MethodFrame(1, MethodId.BasicPublish).Short(0).ShortString("").ShortString("none").Octet(0).ToArray();

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("AMQP\u0000\u0001\u0000\u0000")]
    public async Task Garbage_gets_our_header_and_others_go_on(string garbage)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using RawClient good = await (await broker.ConnectRawAsync()).OpenAsync();
        using RawClient bad = await broker.ConnectRawAsync();

        await bad.SendAsync(Encoding.Latin1.GetBytes(garbage));

        Assert.Equal("AMQP\0\0\x09\x01"u8.ToArray(), await bad.OctetsAsync(8));
        Assert.True(await bad.IsAtEndAsync());
        await good.SendAsync(new MethodFrame(1, MethodId.ConfirmSelect).Octet(0).ToArray());
        await good.MethodAsync(MethodId.ConfirmSelectOk);
    }

    public static TheoryData<byte[], int, string> Faults => new()
    {
        { RawClient.Frame(5, 1, "z"u8.ToArray()), 501, "FRAME_ERROR - type 5, all octets = <<\"z\">>: unknown_frame" },
        { [1, 0, 1, 0, 0, 0, 6, 0, 50, 0, 10, 0, 0, 0xCE], 501, "FRAME_ERROR - cannot decode <<0,0>>" },
        { RawClient.Frame(3, 1, new byte[200_000])[..100], 501, "FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,200000,131064}" },
        { RawClient.Frame(2, 1, new byte[14]), 505, "UNEXPECTED_FRAME - expected method frame, got non method frame instead" },
        { [.. Publish, .. RawClient.Frame(3, 1, "x"u8.ToArray())], 505,
            "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead" },
        { [.. Publish, .. RawClient.Frame(2, 1, [0, 50, .. new byte[12]])], 505,
            "UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead" },
        { new MethodFrame(1, MethodId.ChannelOpen).ShortString("").ToArray(), 504, "CHANNEL_ERROR - second 'channel.open' seen" },
        { new MethodFrame(7, MethodId.ConfirmSelect).Octet(0).ToArray(), 504, "CHANNEL_ERROR - expected 'channel.open'" },
        { new MethodFrame(0, MethodId.ConfirmSelect).Octet(0).ToArray(), 504, "CHANNEL_ERROR - unexpected method in connection state running" },
        { new MethodFrame(1, MethodId.ChannelFlow).Octet(0).ToArray(), 540, "NOT_IMPLEMENTED - active=false" },
        { new MethodFrame(1, MethodId.BasicQos).Long(1).Short(0).Octet(0).ToArray(), 540, "NOT_IMPLEMENTED - prefetch_size!=0 (1)" },
        { new MethodFrame(1, MethodId.BasicRecover).Octet(0).ToArray(), 540, "NOT_IMPLEMENTED - requeue=false" },
        { new MethodFrame(1, MethodId.BasicPublish).Short(0).ShortString("").ShortString("q").Octet(2).ToArray(), 540, "NOT_IMPLEMENTED - immediate=true" },
        { new MethodFrame(1, 60 << 16 | 255).ToArray(), 540, "NOT_IMPLEMENTED - method 60.255" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_fault_closes_the_connection_with_its_text(byte[] octets, int code, string text)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using RawClient client = await (await broker.ConnectRawAsync()).OpenAsync();

        await client.SendAsync(octets);

        (int gotCode, string gotText, _) = await client.CloseAsync(MethodId.ConnectionClose);
        Assert.Equal((code, text), (gotCode, gotText));
        await client.SendAsync(new MethodFrame(0, MethodId.ConnectionCloseOk).ToArray());
        Assert.True(await client.IsAtEndAsync());
    }

    [Fact]
    public async Task A_body_longer_than_its_header_says_is_refused()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using RawClient client = await (await broker.ConnectRawAsync()).OpenAsync();

        await client.SendAsync([.. Publish, .. RawClient.Frame(2, 1, [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]), .. RawClient.Frame(3, 1,
            "xyz"u8.ToArray())]);

        (int code, _, _) = await client.CloseAsync(MethodId.ConnectionClose);
        Assert.Equal(501, code);
    }

    [Fact]
    public async Task A_message_above_the_limit_closes_its_channel_and_the_number_can_be_used_again()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:MessageBytes", "2000"));
        using RawClient client = await (await broker.ConnectRawAsync()).OpenAsync();

        await client.PublishAsync("q", new string('x', 2001));

        (int code, string text, _) = await client.CloseAsync(MethodId.ChannelClose);
        Assert.Equal((406, "PRECONDITION_FAILED - message size 2001 is larger than configured max size 2000"), (code, text));
        await client.SendAsync(new MethodFrame(1, MethodId.ChannelCloseOk).ToArray());
        await client.SendAsync(new MethodFrame(1, MethodId.ChannelOpen).ShortString("").ToArray());
        await client.MethodAsync(MethodId.ChannelOpenOk);
    }

    [Fact]
    public async Task Too_many_channels_close_the_connection()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using RawClient client = await broker.ConnectRawAsync();
        await client.SendAsync("AMQP\0\0\x09\x01"u8.ToArray());
        await client.MethodAsync(MethodId.ConnectionStart);
        await client.StartOkAsync("PLAIN", "\0guest\0guest"u8.ToArray());
        await client.MethodAsync(MethodId.ConnectionTune);
        await client.SendAsync(new MethodFrame(0, MethodId.ConnectionTuneOk).Short(1).Long(131072).Short(0).ToArray());
        await client.SendAsync(new MethodFrame(0, MethodId.ConnectionOpen).ShortString("/").ShortString("").Octet(0).ToArray());
        await client.MethodAsync(MethodId.ConnectionOpenOk);
        await client.SendAsync(new MethodFrame(5, MethodId.ChannelOpen).ShortString("").ToArray());
        await client.MethodAsync(MethodId.ChannelOpenOk);

        await client.SendAsync(new MethodFrame(6, MethodId.ChannelOpen).ShortString("").ToArray());

        (int code, string text, _) = await client.CloseAsync(MethodId.ConnectionClose);
        Assert.Equal((530, "NOT_ALLOWED - number of channels opened (1) has reached the negotiated channel_max (1)"), (code, text));
    }

    [Fact]
    public async Task Heartbeats_come_when_asked_for_and_a_mute_client_is_cut_off()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using RawClient client = await (await broker.ConnectRawAsync()).OpenAsync(heartbeat: 1);

        Assert.Equal((byte)8, (await client.FrameAsync(heartbeats: true))!.Value.Type);
        while (await client.FrameAsync(heartbeats: true) is not null)
        {
            // beats until the end
        }
    }
}
