using System.Net;
using System.Net.Http.Json;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Users.Tests.Starting;

/// <summary>Processes that start on one fresh database.</summary>
public sealed class PostgresStartTests(PostgresServer server) : IAsyncLifetime
{
    private PostgresProcess _process = null!;
    private string _url = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _process = await server.RunningAsync(Cancellation);
        _url = await _process.CreateDatabaseAsync(Cancellation);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Two_processes_migrate_a_fresh_database_at_once()
    {
        await using UsersProcess first = new("--QUINTET_INSTANCE=users-1", $"--DATABASE_URL={_url}");
        await using UsersProcess second = new("--QUINTET_INSTANCE=users-2", $"--DATABASE_URL={_url}");

        await first.BecomeReadyAsync();
        await second.BecomeReadyAsync();

        Assert.Equal(HttpStatusCode.Created, await SignUpAsync(first, "one@example.org"));
        Assert.Equal(HttpStatusCode.Conflict, await SignUpAsync(second, "one@example.org"));
    }

    [Fact]
    public async Task A_process_killed_in_its_migration_leaves_no_lock()
    {
        // The table that the migration is about to make, made by somebody who does not come to an end: the migration waits, and dies there.
        await using ChildProcess holder = _process.OpenTransaction(_url, "CREATE TABLE users (x int)");
        await Eventually.TrueAsync(
            "the table is being made", () => Task.FromResult(holder.Output.Contains("held", StringComparison.Ordinal)), Cancellation, () => holder.Output);
        await using (UsersProcess killed = new("--QUINTET_INSTANCE=users-1", $"--DATABASE_URL={_url}"))
        {
            await Eventually.TrueAsync(
                "the migration is under way",
                async () => await CountAsync("SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'users-1' AND wait_event_type = 'Lock'") == "1",
                Cancellation);
        }

        await using UsersProcess next = new("--QUINTET_INSTANCE=users-2", $"--DATABASE_URL={_url}");
        await Eventually.TrueAsync(
            "the next one has the lock that the killed one held, while the table is still being made",
            async () => await CountAsync("SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'users-2' AND wait_event_type = 'Lock'") == "1",
            Cancellation);
        await holder.DisposeAsync();

        await next.BecomeReadyAsync();
        Assert.Equal(HttpStatusCode.Created, await SignUpAsync(next, "one@example.org"));
    }

    private Task<string> CountAsync(string sql) => _process.QueryAsync(_url, sql, Cancellation);

    private static async Task<HttpStatusCode> SignUpAsync(UsersProcess users, string email) =>
        (await users.Client.PostAsJsonAsync("/users", new { name = "Ada", email }, Cancellation)).StatusCode;
}
