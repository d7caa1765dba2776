using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Quintet.EndToEnd;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Engines.Accounts;

/// <summary>The account that <c>quintet engines apply</c> gave a service may do at the engine what the manifest says, and nothing else.</summary>
public sealed class AccountTests(RunningSystem running)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_service_is_connected_with_its_own_account()
    {
        using var management = new HttpClient(new SocketsHttpHandler());
        management.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("guest:guest"u8));
        // RabbitMQ shows a new connection's user a moment later.
        string[] users = await TestKit.Processes.Eventually.GetAsync(
            "both services are connected",
            async () =>
            {
                JsonArray connections = (await management.GetFromJsonAsync<JsonArray>(
                    new Uri($"http://127.0.0.1:{running.Rabbit.ManagementPort}/api/connections"), Cancellation))!;
                string[] found = [.. connections.Select(c => (string?)c!["user"] ?? "").Distinct().Order()];
                return found.Length >= 2 ? found : null;
            },
            Cancellation);

        Assert.Equal(["reference.notifications", "reference.users"], users);
    }

    [Theory]
    [InlineData("users", "users.user-created", true)]
    [InlineData("users", "orders.placed", false)]
    [InlineData("notifications", "users.user-created", false)]
    public async Task A_service_publishes_the_events_it_declares_only(string service, string @event, bool isAllowed)
    {
        await using IConnection connection = await ConnectAsync(service);
        await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancellation);
        async Task PublishAsync() => await channel.BasicPublishAsync("events", @event, false, new BasicProperties(), "no event"u8.ToArray(), Cancellation);

        if (isAllowed) await PublishAsync();
        else Assert.Equal(403, (await Assert.ThrowsAnyAsync<OperationInterruptedException>(PublishAsync)).ShutdownReason!.ReplyCode);
    }

    [Theory]
    [InlineData("events.history")]
    [InlineData("notifications.users.user-created")]
    public async Task No_service_reads_what_is_not_its_own(string queue)
    {
        await using IConnection connection = await ConnectAsync("users");
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);

        OperationInterruptedException refused = await Assert.ThrowsAnyAsync<OperationInterruptedException>(
            () => channel.BasicGetAsync(queue, false, Cancellation));

        Assert.Equal(403, refused.ShutdownReason!.ReplyCode);
    }

    [Theory]
    [InlineData("users", "PUT", "/v1/agent/service/register", """{"ID":"users-x","Name":"users","Port":1}""", HttpStatusCode.OK)]
    [InlineData("users", "PUT", "/v1/agent/service/register", """{"ID":"x","Name":"notifications","Port":1}""", HttpStatusCode.Forbidden)]
    [InlineData("users", "GET", "/v1/health/service/notifications", "", HttpStatusCode.OK)]
    [InlineData("users", "PUT", "/v1/kv/users/a", "1", HttpStatusCode.OK)]
    [InlineData("users", "PUT", "/v1/kv/notifications/a", "1", HttpStatusCode.Forbidden)]
    [InlineData("users", "GET", "/v1/acl/tokens", "", HttpStatusCode.Forbidden)]
    [InlineData("gateway", "GET", "/v1/kv/quintet/gateway/?recurse=", "", HttpStatusCode.NotFound)]
    [InlineData("gateway", "PUT", "/v1/kv/quintet/gateway/a", "1", HttpStatusCode.Forbidden)]
    [InlineData("gateway", "PUT", "/v1/agent/service/register", """{"ID":"users-x","Name":"users","Port":1}""", HttpStatusCode.Forbidden)]
    [InlineData("supervisor", "PUT", "/v1/kv/users/a", "1", HttpStatusCode.Forbidden)]
    public async Task A_token_of_Consul_allows_what_the_registrys_own_would(string user, string method, string path, string body, HttpStatusCode expected) =>
        await AskAsync(user, method, path, body, expected);

    [Fact]
    public async Task A_service_takes_away_what_it_registered()
    {
        await AskAsync("users", "PUT", "/v1/agent/service/register", """{"ID":"users-y","Name":"users","Port":1}""", HttpStatusCode.OK);
        await AskAsync("users", "PUT", "/v1/agent/service/deregister/users-y", "", HttpStatusCode.OK);
    }

    private async Task AskAsync(string user, string method, string path, string body, HttpStatusCode expected)
    {
        using var consul = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(running.Consul.Address) };
        consul.DefaultRequestHeaders.Add("X-Consul-Token", await SecretAsync($"consul/{user}"));
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body.Length > 0) request.Content = new StringContent(body);

        using HttpResponseMessage answer = await consul.SendAsync(request, Cancellation);

        await Answers.AreAsync(expected, answer, Cancellation);
    }

    private async Task<IConnection> ConnectAsync(string service)
    {
        ConnectionFactory factory = new()
        {
            VirtualHost = "reference", UserName = $"reference.{service}", Password = await SecretAsync($"broker/{service}"), AutomaticRecoveryEnabled = false,
        };
        return await factory.CreateConnectionAsync([new AmqpTcpEndpoint("127.0.0.1", running.Rabbit.Port)], Cancellation);
    }

    private async Task<string> SecretAsync(string name)
    {
        QuintetSystem system = running.System;
        return (string)JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(system.State, "secrets.json"), Cancellation))![name]!;
    }
}
