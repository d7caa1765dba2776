using System.Net;
using System.Text.Json;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Files;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.People;

public class VirtualHostsComeAndGo
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_is_made_described_used_and_there_after_a_restart()
    {
        using TempFolder folder = new();
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            using HttpClient http = broker.Management();
            await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/a%2Fb", new { description = "one", tags = "x,y" });
            await http.SendAsync(HttpStatusCode.NoContent, "PUT", "vhosts/a%2Fb", new { description = "two" });
            await using IConnection connection = await ConnectAsync(broker, "a/b");
            await using IChannel channel = await connection.ConfirmingAsync();
            await channel.QueueAsync("q");
            await channel.QueueBindAsync("q", "amq.topic", "k", cancellationToken: Stop);
            await channel.SendAsync("q", "1");
        }

        await using RunningBroker again = await RunningBroker.StartOverAsync(folder["data"]);
        using HttpClient later = again.Management();
        JsonElement vhost = await later.JsonAsync("vhosts/a%2Fb");
        Assert.Equal(("two", 1), (vhost.GetProperty("description").GetString(), vhost.GetProperty("messages").GetInt32()));
        Assert.Equal(["x", "y"], vhost.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal(2, (await later.JsonAsync("vhosts")).GetArrayLength());
        await using IConnection back = await ConnectAsync(again, "a/b");
        await using IChannel reader = await back.ChannelAsync();
        Assert.NotNull(await reader.BasicGetAsync("q", true, Stop));
    }

    [Fact]
    public async Task The_same_names_in_two_are_two_things()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/v");
        await using IConnection here = await broker.ConnectAsync();
        await using IConnection there = await ConnectAsync(broker, "v");
        await using IChannel mine = await here.ConfirmingAsync(), theirs = await there.ConfirmingAsync();
        await mine.QueueAsync("q");
        await theirs.QueueAsync("q");
        await mine.SendAsync("q", "1");

        Assert.Equal(
            (1u, 0u), ((await mine.QueueDeclarePassiveAsync("q", Stop)).MessageCount, (await theirs.QueueDeclarePassiveAsync("q", Stop)).MessageCount));
    }

    [Fact]
    public async Task Its_end_closes_its_connections_and_leaves_nothing_behind()
    {
        using TempFolder folder = new();
        await using RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]);
        using HttpClient http = broker.Management();
        await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/v");
        await using IConnection connection = await ConnectAsync(broker, "v");
        await FillAsync(connection);
        TaskCompletionSource<ShutdownEventArgs> closed = new();
        connection.ConnectionShutdownAsync += (_, reason) =>
        {
            closed.TrySetResult(reason);
            return Task.CompletedTask;
        };

        await http.SendAsync(HttpStatusCode.NoContent, "DELETE", "vhosts/v");

        ShutdownEventArgs reason = await closed.Task.WaitAsync(Stop);
        Assert.Equal((320, "CONNECTION_FORCED - vhost 'v' is deleted"), (reason.ReplyCode, reason.ReplyText));
        await http.SendAsync(HttpStatusCode.NotFound, "GET", "vhosts/v");
        await http.SendAsync(HttpStatusCode.NotFound, "DELETE", "vhosts/v");
        Assert.Contains("NOT_ALLOWED - vhost v not found", await FactoryOf(broker, "v").RefusedConnectionAsync());
        Assert.Equal(1, (await http.JsonAsync("users/guest/permissions")).GetArrayLength());
        await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/v");
        await RequireEmptyAsync(broker);
        await using RunningBroker killed = await RunningBroker.StartOverAsync(broker.CopyAsAfterAKill(folder));
        await RequireEmptyAsync(killed);
    }

    /// <summary>The description is off the disk, and then the process died: the log is cut behind that record.</summary>
    [Fact]
    public async Task A_crash_in_the_middle_of_its_end_leaves_nothing_behind()
    {
        using TempFolder folder = new();
        string copy;
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            using HttpClient http = broker.Management();
            await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/v");
            await using IConnection connection = await ConnectAsync(broker, "v");
            await FillAsync(connection);
            copy = broker.CopyAsAfterAKill(folder);
        }

        await using (Storage.OpenedDefinitions log = Storage.OpenedDefinitions.Open(copy)) await log.RemoveAsync("vhost/1:v");
        await using (RunningBroker after = await RunningBroker.StartOverAsync(copy))
        {
            using HttpClient http = after.Management();
            await http.SendAsync(HttpStatusCode.NotFound, "GET", "vhosts/v");
            await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/v");
            await RequireEmptyAsync(after);
        }

        await using RunningBroker again = await RunningBroker.StartOverAsync(copy);
        await RequireEmptyAsync(again);
    }

    [Fact]
    public async Task Its_default_queue_type_is_that_of_queues_that_could_be_of_it()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/v", new { default_queue_type = "quorum" });
        await using IConnection connection = await ConnectAsync(broker, "v");
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("plain");
        await channel.QueueAsync("plain");
        await channel.QueueAsync("said", ("x-queue-type", "classic"));
        await channel.QueueDeclareAsync("exclusive", false, true, true, cancellationToken: Stop);

        foreach ((string queue, string type) in new[] { ("plain", "quorum"), ("said", "classic"), ("exclusive", "classic") })
            Assert.Equal(type, (await http.JsonAsync($"queues/v/{queue}")).GetProperty("type").GetString());
    }

    [Fact]
    public async Task Its_limits_and_those_of_users_refuse_in_RabbitMQs_words()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/v");
        await http.UserAsync("al", "v");
        await using IConnection first = await ConnectAsync(broker, "v", "al", "secret");
        await http.SendAsync(HttpStatusCode.NoContent, "PUT", "vhost-limits/v/max-queues", new { value = 0 });
        await http.SendAsync(HttpStatusCode.NoContent, "PUT", "vhost-limits/v/max-connections", new { value = 1 });
        Assert.Equal("""[{"vhost":"v","value":{"max-connections":1,"max-queues":0}}]""", await http.SendAsync(HttpStatusCode.OK, "GET", "vhost-limits"));

        await using IChannel channel = await first.ChannelAsync();
        OperationInterruptedException queue = await Assert.ThrowsAsync<OperationInterruptedException>(() => channel.QueueAsync("q"));
        Assert.Equal("PRECONDITION_FAILED - cannot declare queue 'q': queue limit in vhost 'v' (0) is reached", queue.ShutdownReason!.ReplyText);
        await RefusedAsync("access to vhost 'v' refused for user 'al': connection limit (1) is reached");
        await http.SendAsync(HttpStatusCode.NoContent, "DELETE", "vhost-limits/v/max-connections");
        await http.SendAsync(HttpStatusCode.NoContent, "PUT", "user-limits/al/max-connections", new { value = 1 });
        await http.SendAsync(HttpStatusCode.NoContent, "PUT", "user-limits/al/max-channels", new { value = 1 });
        await RefusedAsync("connection refused for user 'al': user connection limit (1) is reached");
        await using IChannel only = await first.ChannelAsync();
        await Assert.ThrowsAnyAsync<Exception>(first.ChannelAsync);
        Assert.Equal("NOT_ALLOWED - number of channels opened for user 'al' has reached the maximum allowed user limit of (1)", first.CloseReason!.ReplyText);

        async Task RefusedAsync(string text) =>
            Assert.Contains($"NOT_ALLOWED - {text}", await FactoryOf(broker, "v", "al", "secret").RefusedConnectionAsync());
    }

    [Fact]
    public async Task What_cannot_be_is_refused()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:VirtualHosts", "2"));
        using HttpClient http = broker.Management();
        await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/v");

        Assert.Contains("vhost limit of 2 is reached", await http.RefusedAsync("PUT", "vhosts/w"));
        Assert.Contains("255 octets", await http.RefusedAsync("PUT", $"vhosts/{new string('x', 256)}"));
        Assert.Contains("unsupported default_queue_type 'bogus'", await http.RefusedAsync("PUT", "vhosts/v", new { default_queue_type = "bogus" }));
        Assert.Contains("tracing", await http.RefusedAsync("PUT", "vhosts/v", new { tracing = true }));
        Assert.Equal("not_json", await http.RefusedAsync("PUT", "vhosts/v", "[1"));
        Assert.Contains("max-nope", await http.RefusedAsync("PUT", "vhost-limits/v/max-nope", new { value = 1 }));
        Assert.Contains("should be a number", await http.RefusedAsync("PUT", "vhost-limits/v/max-queues", new { value = "x" }));
        Assert.Equal("[{key_missing,value}]", await http.RefusedAsync("PUT", "vhost-limits/v/max-queues", new { }));
        Assert.Equal("vhost_not_found", await http.RefusedAsync("PUT", "vhost-limits/none/max-queues", new { value = 1 }, HttpStatusCode.NotFound));
        Assert.Contains("no_such_user", await http.RefusedAsync("PUT", "user-limits/none/max-channels", new { value = 1 }));
    }

    private static async Task FillAsync(IConnection connection)
    {
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.ExchangeDeclareAsync("x", "topic", true, cancellationToken: Stop);
        await channel.QueueAsync("q");
        await channel.QueueBindAsync("q", "x", "#", cancellationToken: Stop);
        await channel.QueueBindAsync("q", "amq.topic", "#", cancellationToken: Stop);
        for (int sent = 0; sent < 5; sent++) await channel.SendAsync("q", "gone for good");
    }

    private static async Task RequireEmptyAsync(RunningBroker broker)
    {
        using HttpClient http = broker.Management();
        Assert.Equal(0, (await http.JsonAsync("queues/v")).GetArrayLength());
        Assert.Equal(0, (await http.JsonAsync("bindings/v")).GetArrayLength());
        Assert.Equal(7, (await http.JsonAsync("exchanges/v")).GetArrayLength());
        Assert.Equal(0, (await http.JsonAsync("overview")).GetProperty("queue_totals").GetProperty("messages").GetInt32());
    }

    private static Task<IConnection> ConnectAsync(RunningBroker broker, string vhost, string user = "guest", string password = "guest") =>
        FactoryOf(broker, vhost, user, password).CreateConnectionAsync(Stop);

    private static ConnectionFactory FactoryOf(RunningBroker broker, string vhost, string user = "guest", string password = "guest")
    {
        ConnectionFactory factory = broker.Factory(user, password);
        factory.VirtualHost = vhost;
        return factory;
    }
}
