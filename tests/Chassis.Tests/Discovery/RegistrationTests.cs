using System.Text.Json.Nodes;
using Quintet.Chassis.Tests.Doubles;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Chassis.Tests.Discovery;

public sealed class RegistrationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_instance_registers_with_its_routes_and_its_health_check()
    {
        await using RegistryDouble registry = await RegistryDouble.StartAsync();
        await using OrdersService service = await StartAsync(registry, "QUINTET_ROUTES=/orders/{**rest} /carts");

        JsonObject me = await RegisteredAsync(registry);

        Assert.Equal("orders", (string?)me["Name"]);
        Assert.Equal(service.Url.Port, (int?)me["Port"]);
        Assert.Equal("/orders/{**rest}", (string?)me["Meta"]!["quintet-route-0"]);
        Assert.Equal("/carts", (string?)me["Meta"]!["quintet-route-1"]);
        JsonNode check = me["Checks"]![0]!;
        Assert.Equal($"http://127.0.0.1:{service.Url.Port}/health/ready", (string?)check["HTTP"]);
        Assert.Equal("passing", (string?)check["Status"]);
        Assert.NotNull(check["DeregisterCriticalServiceAfter"]);
    }

    [Fact]
    public async Task An_instance_says_in_the_registry_what_it_does()
    {
        await using RegistryDouble registry = await RegistryDouble.StartAsync();
        await using OrdersService service = await StartAsync(
            registry, "QUINTET_PUBLISHES=orders.paid orders.sent", "QUINTET_SUBSCRIBES=users.user-created", "QUINTET_CALLS=users stock");

        JsonNode meta = (await RegisteredAsync(registry))["Meta"]!;

        Assert.Equal(("orders.paid orders.sent", "users.user-created"), ((string?)meta["quintet-publishes-0"], (string?)meta["quintet-subscribes-0"]));
        Assert.Equal(("users stock", "SQLite"), ((string?)meta["quintet-calls-0"], (string?)meta["quintet-database"]));
    }

    [Fact]
    public async Task An_instance_leaves_before_it_stops_listening()
    {
        await using RegistryDouble registry = await RegistryDouble.StartAsync();
        OrdersService service = await StartAsync(registry);
        await RegisteredAsync(registry);
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = service.Url };

        Task stopping = service.DisposeAsync().AsTask();
        await Eventually.TrueAsync("it has left", () => Task.FromResult(registry.Registered("orders-1") is null), Cancellation);
        HttpResponseMessage meanwhile = await client.GetAsync("/orders/1", Cancellation);

        Assert.True(meanwhile.IsSuccessStatusCode);
        await stopping;
    }

    [Fact]
    public async Task A_registry_that_lost_the_instance_gets_it_back()
    {
        await using RegistryDouble registry = await RegistryDouble.StartAsync();
        await using OrdersService service = await StartAsync(registry);
        await RegisteredAsync(registry);

        registry.Forget();

        await RegisteredAsync(registry);
    }

    [Fact]
    public async Task A_registry_that_comes_back_empty_gets_the_instance_back()
    {
        await using RegistryDouble registry = await RegistryDouble.StartAsync();
        await using OrdersService service = await StartAsync(registry);
        await RegisteredAsync(registry);

        await registry.CloseAsync();
        registry.Forget();
        await registry.OpenAsync();

        await RegisteredAsync(registry);
    }

    [Fact]
    public async Task A_service_starts_before_the_registry()
    {
        await using RegistryDouble registry = await RegistryDouble.StartAsync();
        await registry.CloseAsync();
        await using OrdersService service = await StartAsync(registry);

        await registry.OpenAsync();

        await RegisteredAsync(registry);
    }

    [Fact]
    public async Task A_route_too_long_for_the_registry_is_refused_at_the_start()
    {
        await using RegistryDouble registry = await RegistryDouble.StartAsync();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(registry, $"QUINTET_ROUTES=/{new string('a', 600)}"));

        Assert.Contains("QUINTET_ROUTES", refused.Message, StringComparison.Ordinal);
    }

    private Task<OrdersService> StartAsync(RegistryDouble registry, params string[] settings) =>
        OrdersService.StartAsync(_folder, null, [$"CONSUL_HTTP_ADDR={registry.Url}", .. settings]);

    private static Task<JsonObject> RegisteredAsync(RegistryDouble registry) =>
        Eventually.GetAsync("the instance is registered", () => Task.FromResult(registry.Registered("orders-1")), Cancellation);
}
