using System.Text.Json.Nodes;
using Npgsql;
using Quintet.EndToEnd;
using Xunit;

namespace Quintet.Engines.Accounts;

/// <summary>The role that <c>quintet engines apply</c> gave a service in PostgreSQL reaches its own database, and no other.</summary>
public sealed class DatabaseAccountTests(RunningSystem running)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_role_owns_its_database()
    {
        await using NpgsqlConnection connection = await OpenAsync("users", "users");
        await using NpgsqlCommand owner = new("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()", connection);

        Assert.Equal("reference_users", await owner.ExecuteScalarAsync(Cancellation));
    }

    [Fact]
    public async Task The_database_of_another_service_is_closed_to_it()
    {
        PostgresException refused = await Assert.ThrowsAsync<PostgresException>(() => OpenAsync("users", "notifications"));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    private async Task<NpgsqlConnection> OpenAsync(string service, string database)
    {
        JsonNode secrets = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(running.System.State, "secrets.json"), Cancellation))!;
        NpgsqlConnection connection = new(new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1", Port = running.Postgres.Port, Username = $"reference_{service}", Password = (string)secrets[$"database/{service}"]!,
            Database = $"reference_{database}", Pooling = false,
        }.ToString());
        await connection.OpenAsync(Cancellation);
        return connection;
    }
}
