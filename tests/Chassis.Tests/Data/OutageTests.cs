using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;
using Quintet.Chassis.Tests.Doubles;
using Quintet.Chassis.Tests.Messaging;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Chassis.Tests.Data;

/// <summary>A PostgreSQL server of its own that dies, stands still, and comes back.</summary>
[Collection(RabbitNode.Events)]
public sealed class OutageTests(RabbitNode rabbit) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly LogLines _log = new();
    private PostgresProcess _server = null!;
    private string _url = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresProcess.StartAsync(Cancellation);
        _url = await _server.CreateDatabaseAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_start_waits_for_a_server_that_is_away()
    {
        await _server.KillAsync();

        Task<OrdersService> starting = StartAsync();
        await Eventually.TrueAsync("it says that it waits", () => Task.FromResult(_log.Contain("the start waits for it")), Cancellation);
        Assert.False(starting.IsCompleted);
        await _server.RestartAsync(Cancellation);

        await using OrdersService service = await starting;
        await service.PlaceAsync(1);
    }

    [Fact]
    public async Task A_start_gives_up_after_its_time()
    {
        await _server.KillAsync();

        await Assert.ThrowsAsync<NpgsqlException>(() => StartAsync("Database:StartMax=00:00:00"));
    }

    [Fact]
    public async Task A_server_that_was_killed_is_found_again_and_no_event_is_lost()
    {
        string name = $"outage{Guid.NewGuid():N}";
        HandlerScript script = new();
        await using IConnection connection = await rabbit.ConnectAsync(Cancellation);
        await using OrdersService service = await OrdersService.StartAsync(
            _folder, builder => OrderHandler.Add(builder, script), $"DATABASE_URL={_url}", $"AMQP_URL={rabbit.Url}", $"QUINTET_SERVICE={name}");
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = service.Url };
        List<long> accepted = [];
        for (long id = 1; id <= 20; id++) await PlaceAsync(id);

        await _server.KillAsync();
        HttpResponseMessage refused = await client.PostAsync("/orders/100", null, Cancellation);
        await Unavailable.AssertAsync(refused);
        await HealthAsync(client, "Degraded");
        await _server.RestartAsync(Cancellation);
        await HealthAsync(client, "Healthy");
        for (long id = 21; id <= 40; id++) await PlaceAsync(id);

        foreach (long id in accepted)
        {
            await Eventually.TrueAsync(
                $"order {id} took effect",
                () => service.WithAsync((db, _) => db.Orders.AnyAsync(order => order.Number == $"seen-{id}", Cancellation)),
                Cancellation);
        }

        Assert.Equal(40, accepted.Count);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        Assert.Equal(0u, await channel.MessageCountAsync($"{name}.orders.order-placed.dead", Cancellation));
        await channel.QueueDeleteAsync($"{name}.orders.order-placed", cancellationToken: Cancellation);

        async Task PlaceAsync(long id)
        {
            await Eventually.TrueAsync(
                $"order {id} is accepted", async () => (await client.PostAsync($"/orders/{id}", null, Cancellation)).IsSuccessStatusCode, Cancellation);
            accepted.Add(id);
        }
    }

    [Fact]
    public async Task A_server_that_stands_still_makes_requests_503_and_not_wait_for_ever()
    {
        await using OrdersService service = await StartAsync("Database:CommandMax=00:00:01", "Database:ConnectMax=00:00:01");
        // It has to be below a caller's patience; HttpClient ends the test otherwise.
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = service.Url, Timeout = TimeSpan.FromSeconds(30) };
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync("/orders/1", null, Cancellation)).StatusCode);

        _server.Pause();
        HttpResponseMessage[] refused = await Task.WhenAll(Enumerable.Range(2, 30).Select(i => client.PostAsync($"/orders/{i}", null, Cancellation)));
        await HealthAsync(client, "Degraded");
        _server.Resume();

        foreach (HttpResponseMessage answer in refused) await Unavailable.AssertAsync(answer);
        await HealthAsync(client, "Healthy");
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync("/orders/100", null, Cancellation)).StatusCode);
    }

    private Task<OrdersService> StartAsync(params string[] settings) =>
        OrdersService.StartAsync(_folder, builder => builder.Logging.AddProvider(_log), [$"DATABASE_URL={_url}", .. settings]);

    /// <summary>The service stays ready, 200, whatever its database does.</summary>
    private static async Task HealthAsync(HttpClient client, string expected)
    {
        string last = "";
        await Eventually.TrueAsync(
            $"the database is {expected}",
            async () =>
            {
                last = await client.GetStringAsync("/health/ready", Cancellation);
                return System.Text.Json.Nodes.JsonNode.Parse(last)!["checks"]!["database"]!["status"]!.GetValue<string>() == expected;
            },
            Cancellation,
            () => last);
    }
}
