using System.Net;
using System.Net.Http.Json;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Files;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.Limits;

public class DeclarationsAreBounded
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Queues_are_counted_over_all_virtual_hosts_and_over_a_restart_and_a_deleted_one_makes_room()
    {
        using TempFolder folder = new();
        await using (RunningBroker first = await RunningBroker.StartOverAsync(folder["data"], ("Broker:Limits:Queues", "2")))
        await using (IConnection connection = await first.ConnectAsync())
        await using (IChannel channel = await connection.ChannelAsync())
        {
            await channel.QueueAsync("a");
            await channel.QueueAsync("b");
            await channel.QueueAsync("a");
        }

        await using RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"], ("Broker:Limits:Queues", "2"));
        using HttpClient http = broker.Management();
        await http.PutAsync("/api/vhosts/v", null, Stop);
        ConnectionFactory factory = broker.Factory();
        factory.VirtualHost = "v";
        await using IConnection there = await factory.CreateConnectionAsync(Stop), here = await broker.ConnectAsync();
        await using IChannel one = await here.ChannelAsync(), other = await there.ChannelAsync();

        string refused = await RefusalAsync(there, channel => channel.QueueAsync("c"));
        await one.QueueDeleteAsync("a", cancellationToken: Stop);
        await other.QueueAsync("c");
        string refusedHere = await RefusalAsync(here, channel => channel.QueueAsync("d"));
        await http.DeleteAsync("/api/vhosts/v", Stop);
        await one.QueueAsync("d");

        Assert.Equal("406 PRECONDITION_FAILED - cannot declare queue 'c': queue limit in cluster (2) is reached", refused);
        Assert.Equal("406 PRECONDITION_FAILED - cannot declare queue 'd': queue limit in cluster (2) is reached", refusedHere);
    }

    [Fact]
    public async Task Exchanges_above_the_limit_are_refused_until_one_is_deleted()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:Exchanges", "7")); // 6 are predeclared
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.ExchangeDeclareAsync("a", "direct", cancellationToken: Stop);

        string refused = await RefusalAsync(connection, other => other.ExchangeDeclareAsync("b", "direct", cancellationToken: Stop));
        await channel.ExchangeDeleteAsync("a", cancellationToken: Stop);
        await channel.ExchangeDeclareAsync("b", "direct", cancellationToken: Stop);

        Assert.Equal("406 PRECONDITION_FAILED - cannot declare exchange 'b' in vhost '/': exchange limit of 7 is reached", refused);
    }

    [Fact]
    public async Task Bindings_above_the_limit_are_refused_until_one_is_gone()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:Bindings", "2"));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("q");
        await channel.QueueAsync("other");
        await channel.ExchangeDeclareAsync("e", "fanout", cancellationToken: Stop);
        await BindAsync(channel, "1");
        await channel.QueueBindAsync("other", "e", "", cancellationToken: Stop);
        await BindAsync(channel, "1"); // there already

        string refused = await RefusalAsync(connection, other => BindAsync(other, "2"));
        await channel.QueueUnbindAsync("q", "amq.direct", "1", cancellationToken: Stop);
        await BindAsync(channel, "2");
        await RefusalAsync(connection, other => BindAsync(other, "3"));
        await channel.QueueDeleteAsync("other", cancellationToken: Stop);
        await BindAsync(channel, "3");
        await RefusalAsync(connection, other => BindAsync(other, "4"));
        await channel.QueueDeleteAsync("q", cancellationToken: Stop);
        await channel.QueueAsync("q");
        await BindAsync(channel, "4");
        await BindAsync(channel, "5");

        Assert.Equal("406 PRECONDITION_FAILED - cannot bind 'q' to exchange 'amq.direct': binding limit of 2 is reached", refused);
    }

    [Fact]
    public async Task Arguments_that_would_be_kept_are_bounded_wherever_they_come_from()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:ArgumentBytes", "300"));
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("q");
        Dictionary<string, object?> large = new() { ["x-what"] = new string('a', 300) }, small = new() { ["x-what"] = new string('a', 200) };

        string[] refused =
        [
            await RefusalAsync(connection, other => other.QueueDeclareAsync("a", true, false, false, large, cancellationToken: Stop)),
            await RefusalAsync(connection, other => other.ExchangeDeclareAsync("a", "direct", true, false, large, cancellationToken: Stop)),
            await RefusalAsync(connection, other => other.QueueBindAsync("q", "amq.direct", "", large, cancellationToken: Stop)),
            await RefusalAsync(connection, other => other.ConsumeAsync("q", arguments: large)),
        ];
        using HttpResponseMessage byHttp = await http.PutAsJsonAsync("/api/queues/%2F/a", new { arguments = large }, Stop);
        using HttpResponseMessage longName = await http.PutAsJsonAsync($"/api/queues/%2F/{new string('n', 256)}", new { }, Stop);
        await channel.QueueDeclareAsync("a", true, false, false, small, cancellationToken: Stop);

        Assert.All(refused, text => Assert.Equal("406 PRECONDITION_FAILED - arguments of 316 octets are larger than configured max size 300", text));
        Assert.Equal(HttpStatusCode.BadRequest, byHttp.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, longName.StatusCode);
    }

    [Fact]
    public async Task Policies_above_the_limit_are_refused_and_those_there_are_may_change()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:Policies", "1"));
        using HttpClient http = broker.Management();
        object policy = new { pattern = "^a", definition = new Dictionary<string, object> { ["max-length"] = 2 } };

        HttpStatusCode[] answers =
        [
            (await http.PutAsJsonAsync("/api/policies/%2F/a", policy, Stop)).StatusCode,
            (await http.PutAsJsonAsync("/api/policies/%2F/a", policy, Stop)).StatusCode,
            (await http.PutAsJsonAsync("/api/operator-policies/%2F/b", policy, Stop)).StatusCode,
            (await http.DeleteAsync("/api/policies/%2F/a", Stop)).StatusCode,
            (await http.PutAsJsonAsync("/api/policies/%2F/b", policy, Stop)).StatusCode,
        ];

        Assert.Equal([HttpStatusCode.Created, HttpStatusCode.NoContent, HttpStatusCode.BadRequest, HttpStatusCode.NoContent, HttpStatusCode.Created], answers);
    }

    private static Task BindAsync(IChannel channel, string key) => channel.QueueBindAsync("q", "amq.direct", key, cancellationToken: Stop);

    private static async Task<string> RefusalAsync(IConnection connection, Func<IChannel, Task> ask)
    {
        await using IChannel channel = await connection.ChannelAsync();
        OperationInterruptedException refused = await Assert.ThrowsAsync<OperationInterruptedException>(() => ask(channel));
        return $"{refused.ShutdownReason!.ReplyCode} {refused.ShutdownReason.ReplyText}";
    }
}
