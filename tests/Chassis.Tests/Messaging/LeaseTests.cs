using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Quintet.Chassis.Data;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Chassis.Tests.Messaging;

public abstract class LeaseTests(PostgresServer? server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private OrdersService _service = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _service = await OrdersService.StartAsync(_folder, null, await PostgresServer.SettingsOfNewAsync(server, Cancellation));

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Another_instance_takes_over_from_a_dead_one_within_seconds()
    {
        Lease first = LeaseOf("orders-1");
        Lease second = LeaseOf("orders-2");
        Assert.True(await first.HoldAsync(Cancellation));
        Assert.False(await second.HoldAsync(Cancellation));

        _time.Advance(Lease.Term + TimeSpan.FromMilliseconds(1));

        Assert.True(await second.HoldAsync(Cancellation));
        Assert.False(await first.HoldAsync(Cancellation));
    }

    [Fact]
    public async Task A_holder_that_lives_keeps_the_lease()
    {
        Lease first = LeaseOf("orders-1");
        Lease second = LeaseOf("orders-2");
        Assert.True(await first.HoldAsync(Cancellation));

        for (int i = 0; i < 10; i++)
        {
            _time.Advance(Lease.Term * 0.75);
            Assert.True(await first.HoldAsync(Cancellation));
            Assert.False(await second.HoldAsync(Cancellation));
        }
    }

    [Fact]
    public async Task A_released_lease_is_free_at_once()
    {
        Lease first = LeaseOf("orders-1");
        Lease second = LeaseOf("orders-2");
        Assert.True(await first.HoldAsync(Cancellation));

        await first.ReleaseAsync(Cancellation);

        Assert.True(await second.HoldAsync(Cancellation));
    }

    [Fact]
    public async Task Of_many_that_see_it_free_exactly_one_gets_it()
    {
        Lease[] all = [.. Enumerable.Range(0, 8).Select(i => LeaseOf($"orders-{i}"))];

        bool[] held = await Task.WhenAll(all.Select(lease => Task.Run(() => lease.HoldAsync(Cancellation))));

        Assert.Single(held, isHeld => isHeld);
    }

    private Lease LeaseOf(string owner) => new(_service.Services.GetRequiredService<IServiceScopeFactory>(), _time, "test", owner);

    public sealed class OnSqlite() : LeaseTests(null);

    public sealed class OnPostgres(PostgresServer server) : LeaseTests(server);
}
