using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Chassis.Tests.Data;

public sealed class MigrationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Instances_that_start_together_take_turns()
    {
        OrdersService[] services = await Task.WhenAll(
            Enumerable.Range(1, 4).Select(i => OrdersService.StartAsync(_folder, null, $"QUINTET_INSTANCE=orders-{i}")));

        foreach (OrdersService service in services) await service.PlaceAsync(Array.IndexOf(services, service) + 1);

        Assert.Equal(4, await services[0].WithAsync((db, _) => db.Orders.CountAsync(Cancellation)));
        foreach (OrdersService service in services) await service.DisposeAsync();
    }

    [Fact]
    public async Task What_a_killed_migration_left_behind_blocks_nobody()
    {
        Directory.CreateDirectory(_folder["data"]);
        await File.WriteAllTextAsync(Path.Combine(_folder["data"], "orders.db.migration.lock"), "", Cancellation);
        await ExecuteAsync(
            """
            CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL PRIMARY KEY, "Timestamp" TEXT NOT NULL);
            INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-01-01');
            """);

        await using OrdersService service = await OrdersService.StartAsync(_folder);

        await service.PlaceAsync(1);
    }

    [Fact]
    public async Task A_second_process_waits_until_the_first_has_migrated()
    {
        string path = _folder["migration.lock"];
        using FileLock first = await FileLock.TakeAsync(path, TimeSpan.Zero, TimeProvider.System, Cancellation);

        Task<FileLock> second = FileLock.TakeAsync(path, TimeSpan.FromMinutes(1), TimeProvider.System, Cancellation);
        Assert.False(second.IsCompleted);
        first.Dispose();

        (await second).Dispose();
    }

    [Fact]
    public async Task A_lock_dies_with_its_process()
    {
        string program = Need.Program("flock", "util-linux");
        string path = _folder["migration.lock"];
        ChildProcess holder = ChildProcess.Start(program, ["--exclusive", path, "sh", "-c", "echo held; exec sleep 600"]);
        await Eventually.TrueAsync(
            "another process holds the lock", () => Task.FromResult(holder.Output.Contains("held", StringComparison.Ordinal)), Cancellation);
        await Assert.ThrowsAsync<TimeoutException>(() => FileLock.TakeAsync(path, TimeSpan.Zero, TimeProvider.System, Cancellation));

        await holder.DisposeAsync();

        using FileLock taken = await FileLock.TakeAsync(path, TimeSpan.FromSeconds(30), TimeProvider.System, Cancellation);
    }

    [Fact]
    public async Task A_second_start_finds_nothing_to_do()
    {
        await using (OrdersService first = await OrdersService.StartAsync(_folder)) await first.PlaceAsync(1);
        DatabaseFile file = new($"Data Source={Path.Combine(_folder["data"], "orders.db")}");

        Assert.True(await file.IsAtAsync(ChassisTables.StepsKnown, ["20260101000000_Orders"], Cancellation));
        Assert.False(await file.IsAtAsync(ChassisTables.StepsKnown, ["20260101000000_Orders", "20270101000000_More"], Cancellation));
        Assert.False(await file.IsAtAsync(ChassisTables.StepsKnown + 1, ["20260101000000_Orders"], Cancellation));
    }

    [Fact]
    public async Task A_database_of_a_newer_chassis_is_refused()
    {
        await (await OrdersService.StartAsync(_folder)).DisposeAsync();
        await ExecuteAsync("INSERT INTO quintet_schema (Step) VALUES (99)");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => OrdersService.StartAsync(_folder));

        Assert.Contains("newer chassis", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_engine_than_sqlite_is_refused_by_name()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => OrdersService.StartAsync(_folder, null, "ConnectionStrings:Database=Host=localhost;Username=me"));

        Assert.Contains("ConnectionStrings:Database", refused.Message, StringComparison.Ordinal);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using SqliteConnection file = new($"Data Source={Path.Combine(_folder["data"], "orders.db")};Pooling=False");
        await file.OpenAsync(Cancellation);
        await using SqliteCommand command = file.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
