using System.Net.Http.Json;
using System.Net;
using System.Text.Json;
using Quintet.Broker.Tests.Systems;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Xunit;

namespace Quintet.Broker.Tests.Management;

public class ManagementAnswers
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_needs_no_credential_and_the_api_does()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient nobody = broker.Management(user: null);
        using HttpClient wrong = broker.Management(password: "wrong");

        Assert.Equal(HttpStatusCode.OK, (await nobody.GetAsync("/health/ready", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await nobody.GetAsync("/health/live", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/api/overview", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.GetAsync("/api/overview", Stop)).StatusCode);
    }

    [Fact]
    public async Task It_shows_what_is_there()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("a/b", ("x-queue-type", "quorum"));
        await channel.QueueBindAsync("a/b", "amq.topic", "k.#", cancellationToken: Stop);
        await channel.SendAsync("a/b", "1");
        await channel.SendAsync("a/b", "2");
        await channel.BasicGetAsync("a/b", false, Stop);

        JsonElement queue = await http.GetFromJsonAsync<JsonElement>("/api/queues/%2F/a%2Fb", Stop);
        JsonElement overview = await http.GetFromJsonAsync<JsonElement>("/api/overview", Stop);
        JsonElement bindings = await http.GetFromJsonAsync<JsonElement>("/api/bindings/%2F", Stop);

        Assert.Equal(("quorum", 1, 1, 2), (queue.GetProperty("type").GetString(), queue.GetProperty("messages_ready").GetInt32(),
            queue.GetProperty("messages_unacknowledged").GetInt32(), queue.GetProperty("messages").GetInt32()));
        Assert.Equal("4.0.5", overview.GetProperty("rabbitmq_version").GetString());
        Assert.Contains(bindings.EnumerateArray(), binding => binding.GetProperty("routing_key").GetString() == "k.#");
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/api/queues/%2F/none", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/api/queues/none", Stop)).StatusCode);
        foreach (string path in (string[])["vhosts", "exchanges", "exchanges/%2F/amq.topic", "channels", "consumers", "nodes", "users", "permissions",
            "feature-flags", "whoami", "health/checks/alarms", "queues"])
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"/api/{path}", Stop)).StatusCode);
    }

    [Fact]
    public async Task A_connection_is_listed_by_its_name_and_can_be_closed()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        ConnectionFactory factory = broker.Factory();
        factory.ClientProvidedName = "mine";
        await using IConnection connection = await factory.CreateConnectionAsync(Stop);
        TaskCompletionSource<ShutdownEventArgs> closed = new();
        connection.ConnectionShutdownAsync += (_, reason) =>
        {
            closed.TrySetResult(reason);
            return Task.CompletedTask;
        };

        JsonElement listed = (await http.GetFromJsonAsync<JsonElement>("/api/connections", Stop)).EnumerateArray().Single();
        Assert.Equal("mine", listed.GetProperty("client_properties").GetProperty("connection_name").GetString());
        string path = $"/api/connections/{Uri.EscapeDataString(listed.GetProperty("name").GetString()!)}";
        HttpResponseMessage deleted = await http.DeleteAsync(path, Stop);

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(path, Stop)).StatusCode);
        ShutdownEventArgs reason = await closed.Task.WaitAsync(Stop);
        Assert.Equal((320, "CONNECTION_FORCED - Closed via management plugin"), (reason.ReplyCode, reason.ReplyText));
    }

    [Fact]
    public async Task A_queue_can_be_purged_and_deleted()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        await channel.SendAsync("q", "1");

        Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteAsync("/api/queues/%2F/q/contents", Stop)).StatusCode);
        Assert.Equal(0u, (await channel.QueueDeclarePassiveAsync("q", Stop)).MessageCount);
        Assert.Equal(HttpStatusCode.NoContent, (await http.DeleteAsync("/api/queues/%2F/q", Stop)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/api/queues/%2F/q", Stop)).StatusCode);
    }
}
