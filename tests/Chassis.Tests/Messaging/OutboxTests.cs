using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Chassis.Tests.Messaging;

public abstract class OutboxTests(PostgresServer? server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
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
    public async Task A_change_and_its_event_are_written_together()
    {
        string eventId = await _service.PlaceAsync(1);

        OutboxRow row = await _service.WithAsync((db, _) => db.Set<OutboxRow>().SingleAsync(Cancellation));
        Assert.Equal(eventId, row.EventId);
        Assert.Equal("orders.order-placed", row.Type);
        Assert.Equal("orders/1", row.Subject);
        Assert.Equal(OutboxState.Waiting, row.State);
    }

    [Fact]
    public async Task A_change_that_is_refused_leaves_no_event()
    {
        await _service.PlaceAsync(1);

        DbUpdateException refused = await Assert.ThrowsAsync<DbUpdateException>(() => _service.WithAsync(async (db, outbox) =>
        {
            db.Add(new Order { Number = "number-1" });
            outbox.Add(new OrderPlaced(2));
            return await db.SaveChangesAsync(Cancellation);
        }));

        Assert.True(refused.IsUniqueViolation());
        Assert.Equal(1, await _service.WithAsync((db, _) => db.Set<OutboxRow>().CountAsync(Cancellation)));
    }

    [Fact]
    public async Task A_transaction_that_is_rolled_back_leaves_no_event()
    {
        await _service.WithAsync(async (db, outbox) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            outbox.Add(new OrderPlaced(1));
            await db.SaveChangesAsync(Cancellation);
            await transaction.RollbackAsync(Cancellation);
            return 0;
        });

        Assert.Equal(0, await _service.WithAsync((db, _) => db.Set<OutboxRow>().CountAsync(Cancellation)));
    }

    [Fact]
    public async Task An_event_is_a_cloud_event_in_structured_json()
    {
        string eventId = await _service.PlaceAsync(7);

        OutboxRow row = await _service.WithAsync((db, _) => db.Set<OutboxRow>().SingleAsync(Cancellation));
        JsonNode envelope = JsonNode.Parse(row.Body)!;
        Assert.Equal("1.0", (string?)envelope["specversion"]);
        Assert.Equal(eventId, (string?)envelope["id"]);
        Assert.Equal("orders.order-placed", (string?)envelope["type"]);
        Assert.Equal("/orders", (string?)envelope["source"]);
        Assert.Equal("orders/7", (string?)envelope["subject"]);
        Assert.Equal("application/json", (string?)envelope["datacontenttype"]);
        Assert.Equal("""{"id":7}""", envelope["data"]!.ToJsonString());
    }

    [Fact]
    public async Task The_trace_goes_with_the_event()
    {
        using Activity request = new Activity("request").SetParentId("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").Start();

        await _service.PlaceAsync(1);

        OutboxRow row = await _service.WithAsync((db, _) => db.Set<OutboxRow>().SingleAsync(Cancellation));
        Assert.Equal(request.Id, row.TraceParent);
    }

    [Fact]
    public async Task Without_a_broker_events_wait_and_the_service_is_ready()
    {
        await _service.PlaceAsync(1);
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = _service.Url };

        HttpResponseMessage ready = await client.GetAsync("/health/ready", Cancellation);

        Assert.True(ready.IsSuccessStatusCode);
    }

    public sealed class OnSqlite() : OutboxTests(null);

    public sealed class OnPostgres(PostgresServer server) : OutboxTests(server);
}
