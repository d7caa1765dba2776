using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Quintet.Chassis.Data;
using Quintet.Chassis.Messaging;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Chassis.Tests.Messaging;

public abstract class OutboxStoreTests(PostgresServer? server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private OrdersService _service = null!;
    private OutboxStore _store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _service = await OrdersService.StartAsync(_folder, null, await PostgresServer.SettingsOfNewAsync(server, Cancellation));
        _store = new OutboxStore(
            _service.Services.GetRequiredService<IServiceScopeFactory>(), Options.Create(new MessagingOptions { RefusalsMax = 3 }), _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_refused_event_holds_back_its_own_subject_only()
    {
        await AddAsync("one", "orders/1", "a");
        await AddAsync("two", "orders/1", "b");
        await AddAsync("three", "orders/2", "a");
        OutboxRow refused = (await DueAsync())[0];

        await _store.RefusedAsync(refused, "nack", Cancellation);

        Assert.Equal(["three"], (await DueAsync()).Select(row => row.EventId));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["one", "two", "three"], (await DueAsync()).Select(row => row.EventId));
    }

    [Fact]
    public async Task An_event_refused_too_often_is_set_aside_and_lets_its_subject_pass()
    {
        await AddAsync("poison", "orders/1", "a");
        await AddAsync("next", "orders/1", "a");

        bool isSetAside = false;
        for (int attempt = 0; attempt < 3; attempt++)
        {
            isSetAside = await _store.RefusedAsync((await DueAsync())[0], "406 too large", Cancellation);
            _time.Advance(TimeSpan.FromMinutes(2));
        }

        Assert.True(isSetAside);
        Assert.Equal(["next"], (await DueAsync()).Select(row => row.EventId));
        Assert.Equal(1, (await _store.BacklogAsync([], Cancellation)).SetAside);
    }

    [Fact]
    public async Task Events_of_a_held_type_wait_together_and_are_given_up_after_their_time()
    {
        await AddAsync("held", "orders/1", "unwanted");
        await AddAsync("free", "orders/1", "wanted");

        Assert.Equal(["free"], (await _store.DueAsync(["unwanted"], Cancellation)).Select(row => row.EventId));
        Assert.Equal(0, await _store.UnclaimedAsync("unwanted", Cancellation));
        _time.Advance(TimeSpan.FromDays(1.1));
        Assert.Equal(1, await _store.UnclaimedAsync("unwanted", Cancellation));
        Assert.Null(await _store.OldestAsync("unwanted", Cancellation));
    }

    [Fact]
    public async Task A_sent_event_is_not_due_again()
    {
        await AddAsync("one", "orders/1", "a");
        OutboxRow row = (await DueAsync())[0];

        await _store.SentAsync([row.Sequence], Cancellation);

        Assert.Empty(await DueAsync());
    }

    private Task<List<OutboxRow>> DueAsync() => _store.DueAsync([], Cancellation);

    private Task<int> AddAsync(string id, string subject, string type) => _service.WithAsync((db, _) =>
    {
        DateTimeOffset now = _time.GetUtcNow();
        db.Add(new OutboxRow { EventId = id, Subject = subject, Type = type, Body = [1], AddedAt = now, NotBefore = now });
        return db.SaveChangesAsync(Cancellation);
    });

    public sealed class OnSqlite() : OutboxStoreTests(null);

    public sealed class OnPostgres(PostgresServer server) : OutboxStoreTests(server);
}
