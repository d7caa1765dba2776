using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Quintet.Chassis.Data;
using Quintet.Chassis.Data.Engines;
using Quintet.Chassis.Messaging;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Chassis.Tests.Data;

/// <summary>What is SQLite's alone: the lock beside the file, and the turns of its writers.</summary>
public sealed class SqliteTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string FileSource => $"Data Source={Path.Combine(_folder["data"], "orders.db")};Pooling=False";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_a_killed_migration_left_behind_blocks_nobody()
    {
        Directory.CreateDirectory(_folder["data"]);
        await File.WriteAllTextAsync(Path.Combine(_folder["data"], "orders.db.migration.lock"), "", Cancellation);
        await using (SqliteConnection file = await OpenAsync())
        {
            await ExecuteAsync(
                file,
                """
                CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-01-01');
                """);
        }

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
        ChildProcess holder = ChildProcess.Start(program, ["--exclusive", path, "sh", "-c", "echo held; exec tail -f /dev/null"]);
        await Eventually.TrueAsync(
            "another process holds the lock", () => Task.FromResult(holder.Output.Contains("held", StringComparison.Ordinal)), Cancellation);
        await Assert.ThrowsAsync<TimeoutException>(() => FileLock.TakeAsync(path, TimeSpan.Zero, TimeProvider.System, Cancellation));

        await holder.DisposeAsync();

        using FileLock taken = await FileLock.TakeAsync(path, TimeSpan.FromSeconds(30), TimeProvider.System, Cancellation);
    }

    [Fact]
    public async Task A_file_that_another_process_keeps_locked_is_503()
    {
        await using OrdersService service = await OrdersService.StartAsync(_folder, null, "Database:CommandMax=00:00:01");
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = service.Url };
        await using SqliteConnection other = await OpenAsync();
        await ExecuteAsync(other, "BEGIN IMMEDIATE");

        HttpResponseMessage refused = await client.PostAsync("/orders/1", null, Cancellation);
        await ExecuteAsync(other, "ROLLBACK");
        HttpResponseMessage taken = await client.PostAsync("/orders/1", null, Cancellation);

        await Unavailable.AssertAsync(refused);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [Fact]
    public async Task A_writer_that_keeps_its_turn_makes_the_next_one_503_and_not_wait_for_ever()
    {
        await using OrdersService service = await OrdersService.StartAsync(_folder, null, "Database:CommandMax=00:00:01");
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = service.Url };

        HttpResponseMessage refused = await service.WithAsync(async (db, _) =>
        {
            await using IDbContextTransaction kept = await db.Database.BeginTransactionAsync(Cancellation);
            return await client.PostAsync("/orders/1", null, Cancellation);
        });

        await Unavailable.AssertAsync(refused);
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync("/orders/1", null, Cancellation)).StatusCode);
    }

    [Theory]
    [InlineData("commit")]
    [InlineData("rollback")]
    [InlineData("dispose")]
    [InlineData("fail")]
    [InlineData("refused row")]
    [InlineData("statement")]
    [InlineData("refused statement")]
    public async Task A_turn_ends_however_its_writer_ends(string end)
    {
        await using OrdersService service = await OrdersService.StartAsync(_folder);
        await service.PlaceAsync(1);

        await service.WithAsync(async (db, outbox) =>
        {
            await EndAsync(db, outbox, end);
            // The writer's context is still there, and so might its turn be.
            await service.PlaceAsync(2);
            return 0;
        });

        Assert.Equal(1, await service.WithAsync((db, _) => db.Orders.CountAsync(order => order.Number == "number-2", Cancellation)));
    }

    [Fact]
    public async Task Writers_that_wait_for_their_turn_do_all_write()
    {
        await using OrdersService service = await OrdersService.StartAsync(_folder);

        await Task.WhenAll(Enumerable.Range(1, 200).Select(i => service.PlaceAsync(i)));

        Assert.Equal(200, await service.WithAsync((db, _) => db.Set<OutboxRow>().CountAsync(Cancellation)));
    }

    private static async Task EndAsync(OrdersDb db, Outbox outbox, string end)
    {
        switch (end)
        {
            case "refused row":
                db.Add(new Order { Number = "number-1" });
                await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync(Cancellation));
                return;
            case "statement":
                await db.Orders.Where(order => order.Number == "none").ExecuteDeleteAsync(Cancellation);
                return;
            case "refused statement":
                await Assert.ThrowsAsync<SqliteException>(() => db.Database.ExecuteSqlAsync($"DELETE FROM nothing", Cancellation));
                return;
        }

        await using IDbContextTransaction transaction = await db.Database.BeginTransactionAsync(Cancellation);
        outbox.Add(new OrderPlaced(7));
        await db.SaveChangesAsync(Cancellation);
        if (end == "commit") await transaction.CommitAsync(Cancellation);
        if (end == "rollback") await transaction.RollbackAsync(Cancellation);
        if (end == "fail") await Assert.ThrowsAsync<SqliteException>(() => db.Database.ExecuteSqlAsync($"DELETE FROM nothing", Cancellation));
    }

    private async Task<SqliteConnection> OpenAsync()
    {
        SqliteConnection file = new(FileSource);
        await file.OpenAsync(Cancellation);
        return file;
    }

    private static async Task ExecuteAsync(SqliteConnection file, string sql)
    {
        await using SqliteCommand command = file.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
