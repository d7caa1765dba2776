using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Quintet.Chassis.Data;
using Quintet.Chassis.Data.Engines;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Chassis.Tests.Data;

/// <summary>What is PostgreSQL's alone, while its server is well.</summary>
public sealed class PostgresTests(PostgresServer server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private PostgresProcess _process = null!;
    private string _url = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _process = await server.RunningAsync(Cancellation);
        _url = await _process.CreateDatabaseAsync(Cancellation);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_migration_that_is_cut_off_leaves_no_lock_and_is_done_again()
    {
        // The table that the service's migration is about to make, made by somebody who does not come to an end: the migration waits.
        await using ChildProcess holder = _process.OpenTransaction(_url, "CREATE TABLE orders (x int)");
        await Eventually.TrueAsync(
            "the table is being made", () => Task.FromResult(holder.Output.Contains("held", StringComparison.Ordinal)), Cancellation, () => holder.Output);
        Task<OrdersService> first = StartAsync("QUINTET_INSTANCE=orders-1");
        string pid = await Eventually.GetAsync("the migration is under way", MigratingAsync, Cancellation);

        await _process.QueryAsync(_url, $"SELECT pg_terminate_backend({pid})", Cancellation);
        await Eventually.TrueAsync("it is tried again", async () => await MigratingAsync() is { } other && other != pid, Cancellation);
        Task<OrdersService> second = StartAsync("QUINTET_INSTANCE=orders-2");
        await holder.DisposeAsync();

        await using OrdersService one = await first;
        await using OrdersService two = await second;
        await one.PlaceAsync(1);
        await two.PlaceAsync(2);
        Assert.Equal("0", await _process.QueryAsync(
            _url,
            "SELECT COUNT(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE locktype = 'advisory' AND datname = current_database()",
            Cancellation));

        async Task<string?> MigratingAsync()
        {
            string found = await _process.QueryAsync(
                _url, "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'orders-%' AND wait_event_type = 'Lock'", Cancellation);
            return found.Length > 0 ? found : null;
        }
    }

    [Fact]
    public async Task A_role_that_the_server_does_not_know_ends_the_start_at_once()
    {
        string stranger = _url.Replace("quintet:", "stranger:", StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => OrdersService.StartAsync(_folder, null, $"DATABASE_URL={stranger}", "Database:StartMax=00:05:00"));

        Assert.Contains("DATABASE_URL", refused.Message, StringComparison.Ordinal);
        Assert.Equal(PostgresErrorCodes.InvalidPassword, Assert.IsType<PostgresException>(refused.InnerException).SqlState);
    }

    [Fact]
    public async Task Connections_bear_the_name_of_their_instance_and_are_few()
    {
        await using OrdersService service = await StartAsync("QUINTET_INSTANCE=orders-7", "Database:ConnectionsMax=3");

        await Task.WhenAll(Enumerable.Range(1, 50).Select(i => service.PlaceAsync(i)));

        string count = await _process.QueryAsync(
            _url, "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'orders-7' AND datname = current_database()", Cancellation);
        Assert.InRange(int.Parse(count, null), 1, 3);
    }

    [Fact]
    public async Task A_statement_that_takes_too_long_is_ended()
    {
        await using OrdersService service = await StartAsync("Database:CommandMax=00:00:01");
        DatabaseEngine engine = service.Services.GetRequiredService<DatabaseEngine>();

        await using ChildProcess holder = _process.OpenTransaction(_url, "LOCK TABLE quintet_schema");
        await Eventually.TrueAsync(
            "the table is locked", () => Task.FromResult(holder.Output.Contains("held", StringComparison.Ordinal)), Cancellation, () => holder.Output);

        var late = await Assert.ThrowsAnyAsync<Exception>(() => service.WithAsync(
            (db, _) => db.Database.ExecuteSqlRawAsync("DELETE FROM quintet_schema", Cancellation)));

        Assert.True(engine.IsUnavailable(late), late.ToString());
        await holder.DisposeAsync();
        await service.PlaceAsync(1);
    }

    [Fact]
    public async Task At_whatever_moment_a_connection_is_cut_the_answer_is_the_change_or_503()
    {
        await using OrdersService service = await StartAsync("Database:ConnectionsMax=8");
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = service.Url };
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task cutting = CutAsync(enough.Token);

        int accepted = 0, refused = 0;
        ConcurrentBag<string> keys = [];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(ClientAsync));
        await enough.CancelAsync();
        await cutting;
        // Whatever the first answer was, the repetition says 201, and there is one order.
        foreach (string key in keys)
            await Eventually.TrueAsync("the repetition is answered", async () => await PostAsync(key), Cancellation);
        string[] orders = (await _process.QueryAsync(_url, "SELECT \"Number\" FROM orders", Cancellation)).Split('\n');
        Assert.Equal(keys.Order(StringComparer.Ordinal), orders.Order(StringComparer.Ordinal));

        async Task ClientAsync(int number)
        {
            for (int i = 0; refused < 50 || accepted < 50; i++)
            {
                keys.Add($"{number}-{i}");
                if (await PostAsync($"{number}-{i}")) Interlocked.Increment(ref accepted);
                else Interlocked.Increment(ref refused);
            }
        }

        async Task<bool> PostAsync(string key)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/orders");
            request.Headers.Add("Idempotency-Key", key);
            request.Content = JsonContent.Create(new { number = key });
            using HttpResponseMessage answer = await client.SendAsync(request, Cancellation);
            if (answer.StatusCode == HttpStatusCode.Created) return true;
            await Unavailable.AssertAsync(answer);
            return false;
        }

        async Task CutAsync(CancellationToken until)
        {
            while (!until.IsCancellationRequested)
                await _process.QueryAsync(
                    _url,
                    "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    + "WHERE application_name = 'orders-1' AND datname = current_database()", // other tests share the server
                    Cancellation);
        }
    }

    [Fact]
    public void What_the_connection_string_says_wins_over_the_options_and_no_detail_is_asked_for()
    {
        var given = new NpgsqlConnectionStringBuilder("Host=db;Maximum Pool Size=7;Include Error Detail=true");

        NpgsqlConnectionStringBuilder complete = PostgresEngine.Complete(given, new DatabaseOptions(), "orders-1");

        Assert.Equal(
            (7, 10, 3, "orders-1", false),
            (complete.MaxPoolSize, complete.CommandTimeout, complete.Timeout, complete.ApplicationName, complete.IncludeErrorDetail));
    }

    private Task<OrdersService> StartAsync(params string[] settings) => OrdersService.StartAsync(_folder, null, [$"DATABASE_URL={_url}", .. settings]);
}
