using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Quintet.Chassis.Cleanup;
using Quintet.Chassis.Data;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Chassis.Tests.Messaging;

/// <summary>What is told of the outbox, and how long its rows and the inbox' stay.</summary>
public abstract class OutboxBooksTests(PostgresServer? server) : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    private readonly TempFolder _folder = new();
    private readonly AsyncLocal<bool> _isStarting = new();
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, double> _seen = [];
    private OrdersService _service = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        string[] database = await PostgresServer.SettingsOfNewAsync(server, Cancellation);
        // Other services of this test program measure, too: ours are the instruments that its start makes.
        _listener.InstrumentPublished = (instrument, listening) =>
        {
            if (_isStarting.Value && instrument.Name.StartsWith("quintet.outbox.", StringComparison.Ordinal)) listening.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => _seen[instrument.Name] = value);
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => _seen[$"{instrument.Name} {tags[0].Value}"] = value);
        _listener.Start();
        _isStarting.Value = true;
        _service = await OrdersService.StartAsync(_folder, null, database);
        _isStarting.Value = false;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _service.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Age_and_number_of_what_waits_are_measured()
    {
        await AddAsync(OutboxState.Waiting, TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1), "old");
        await AddAsync(OutboxState.SetAside, Now, "poison");

        await Eventually.TrueAsync(
            "the books are kept",
            () =>
            {
                _listener.RecordObservableInstruments();
                return Task.FromResult(
                    _seen.GetValueOrDefault("quintet.outbox.rows waiting") == 1 && _seen.GetValueOrDefault("quintet.outbox.rows set_aside") == 1);
            },
            Cancellation,
            () => string.Join(", ", _seen));
        Assert.InRange(_seen["quintet.outbox.oldest"], 3600, 7200);
    }

    [Fact]
    public async Task What_was_kept_long_enough_is_removed_and_what_somebody_must_decide_on_stays()
    {
        await AddAsync(OutboxState.Sent, Now - TimeSpan.FromDays(4), "sent long ago");
        await AddAsync(OutboxState.Sent, Now - TimeSpan.FromDays(2), "sent");
        await AddAsync(OutboxState.Unclaimed, Now - TimeSpan.FromDays(4), "unclaimed long ago");
        await AddAsync(OutboxState.SetAside, Now - TimeSpan.FromDays(400), "set aside");
        await AddAsync(OutboxState.Waiting, Now - TimeSpan.FromDays(400), "waiting");
        await _service.WithAsync((db, _) =>
        {
            db.Add(new InboxRow { Consumer = "q", EventId = "long ago", HandledAt = Now - TimeSpan.FromDays(31) });
            db.Add(new InboxRow { Consumer = "q", EventId = "handled", HandledAt = Now - TimeSpan.FromDays(29) });
            return db.SaveChangesAsync(Cancellation);
        });
        using CleanupLoop cleanup = ActivatorUtilities.CreateInstance<CleanupLoop>(_service.Services, new FakeTimeProvider(Now));

        await cleanup.CleanAsync(Cancellation);

        string[] outbox = await _service.WithAsync((db, _) => db.Set<OutboxRow>().Select(row => row.EventId).OrderBy(id => id).ToArrayAsync(Cancellation));
        string[] inbox = await _service.WithAsync((db, _) => db.Set<InboxRow>().Select(row => row.EventId).ToArrayAsync(Cancellation));
        Assert.Equal(["sent", "set aside", "waiting"], outbox);
        Assert.Equal(["handled"], inbox);
    }

    private Task<int> AddAsync(OutboxState state, DateTimeOffset at, string id) => _service.WithAsync((db, _) =>
    {
        bool isDone = state != OutboxState.Waiting;
        db.Add(new OutboxRow
        {
            EventId = id, Type = "orders.order-placed", Subject = id, Body = [], AddedAt = at, NotBefore = at, State = state, DoneAt = isDone ? at : null,
        });
        return db.SaveChangesAsync(Cancellation);
    });

    public sealed class OnSqlite() : OutboxBooksTests(null);

    public sealed class OnPostgres(PostgresServer server) : OutboxBooksTests(server);
}
