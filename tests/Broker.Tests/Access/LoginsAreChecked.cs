using System.Text;
using Quintet.Broker.Amqp;
using Quintet.Broker.Tests.Systems;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.Access;

public class LoginsAreChecked
{
    [Fact]
    public async Task A_wrong_password_gets_403_when_the_client_can_take_it()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();

        BrokerUnreachableException refused = await Assert.ThrowsAsync<BrokerUnreachableException>(() => broker.ConnectAsync("guest", "wrong"));

        Assert.IsType<AuthenticationFailureException>(refused.InnerException);
        Assert.Contains("ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN", refused.InnerException!.Message);
    }

    [Theory]
    [InlineData("PLAIN", "\0guest\0wrong", false)]
    [InlineData("PLAIN", "guest", true)]
    [InlineData("NOPE", "\0guest\0guest", true)]
    public async Task Without_that_the_stream_just_ends(string mechanism, string response, bool wantsClose)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:RefusedLoginDelay", "00:00:00"));
        using RawClient client = await broker.ConnectRawAsync();
        await client.SendAsync("AMQP\0\0\x09\x01"u8.ToArray());
        await client.MethodAsync(MethodId.ConnectionStart);

        await client.StartOkAsync(mechanism, Encoding.UTF8.GetBytes(response), wantsClose);

        Assert.True(await client.IsAtEndAsync());
    }

    [Fact]
    public async Task AMQPLAIN_logs_in()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        byte[] table = FieldTableWriter.Encode(new FieldTable { { "LOGIN", FieldValue.Of("guest") }, { "PASSWORD", FieldValue.Of("guest") } })[4..];

        using RawClient client = await (await broker.ConnectRawAsync()).OpenAsync(mechanism: "AMQPLAIN", response: table);
    }

    [Fact]
    public async Task A_client_that_says_nothing_is_cut_off()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:Handshake", "00:00:01"));
        using RawClient client = await broker.ConnectRawAsync();

        Assert.True(await client.IsAtEndAsync());
    }

    [Fact]
    public async Task Connections_above_the_limit_are_closed_at_once()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:Connections", "1"));
        using RawClient first = await (await broker.ConnectRawAsync()).OpenAsync();
        using RawClient second = await broker.ConnectRawAsync();

        Assert.True(await second.IsAtEndAsync());
    }
}
