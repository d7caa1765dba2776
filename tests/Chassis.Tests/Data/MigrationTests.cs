using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Chassis.Data;
using Quintet.Chassis.Data.Engines;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Chassis.Tests.Data;

public abstract class MigrationTests(PostgresServer? server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private string[] _database = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await PostgresServer.SettingsOfNewAsync(server, Cancellation);

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Instances_that_start_together_take_turns()
    {
        OrdersService[] services = await Task.WhenAll(Enumerable.Range(1, 4).Select(i => StartAsync($"QUINTET_INSTANCE=orders-{i}")));

        foreach (OrdersService service in services) await service.PlaceAsync(Array.IndexOf(services, service) + 1);

        Assert.Equal(4, await services[0].WithAsync((db, _) => db.Orders.CountAsync(Cancellation)));
        foreach (OrdersService service in services) await service.DisposeAsync();
    }

    [Fact]
    public async Task A_second_start_finds_nothing_to_do()
    {
        await using OrdersService service = await StartAsync();
        DatabaseEngine engine = service.Services.GetRequiredService<DatabaseEngine>();

        Assert.True(await engine.IsAtAsync(ChassisTables.StepsKnown, ["20260101000000_Orders"], Cancellation));
        Assert.False(await engine.IsAtAsync(ChassisTables.StepsKnown, ["20260101000000_Orders", "20270101000000_More"], Cancellation));
        Assert.False(await engine.IsAtAsync(ChassisTables.StepsKnown + 1, ["20260101000000_Orders"], Cancellation));
    }

    [Fact]
    public async Task A_database_of_a_newer_chassis_is_refused()
    {
        await using (OrdersService service = await StartAsync())
            await service.WithAsync((db, _) => db.Database.ExecuteSqlRawAsync("""INSERT INTO quintet_schema ("Step") VALUES (99)""", Cancellation));

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync());

        Assert.Contains("newer chassis", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_chassis_tables_are_what_its_rows_are_mapped_to()
    {
        await using OrdersService service = await StartAsync();
        DateTimeOffset now = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_123);

        await service.WithAsync(async (db, _) =>
        {
            db.Add(new OutboxRow
            {
                EventId = "event", Type = "type", Subject = "subject", Body = [0, 255], TraceParent = "parent", TraceState = "state",
                AddedAt = now, NotBefore = now, DoneAt = now, State = OutboxState.SetAside, Attempts = 3, Fault = "fault",
            });
            db.Add(new InboxRow { Consumer = "consumer", EventId = "event", HandledAt = now });
            db.Add(new LeaseRow { Name = "name", Owner = "owner", Until = now });
            return await db.SaveChangesAsync(Cancellation);
        });

        OutboxRow row = await service.WithAsync((db, _) => db.Set<OutboxRow>().SingleAsync(r => r.DoneAt == now && r.EventId == "event", Cancellation));
        Assert.True(row.Sequence > 0);
        Assert.Equal([0, 255], row.Body);
        Assert.Equal((now, OutboxState.SetAside, 3, "fault", "parent"), (row.AddedAt, row.State, row.Attempts, row.Fault, row.TraceParent));
        Assert.Equal(now, (await service.WithAsync((db, _) => db.Set<InboxRow>().SingleAsync(Cancellation))).HandledAt);
        Assert.Equal(now, (await service.WithAsync((db, _) => db.Set<LeaseRow>().SingleAsync(lease => lease.Name == "name", Cancellation))).Until);
    }

    private Task<OrdersService> StartAsync(params string[] settings) => OrdersService.StartAsync(_folder, null, [.. _database, .. settings]);

    public sealed class OnSqlite() : MigrationTests(null);

    public sealed class OnPostgres(PostgresServer server) : MigrationTests(server);
}
