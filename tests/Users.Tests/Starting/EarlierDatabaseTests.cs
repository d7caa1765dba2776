using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Users.Tests.Starting;

/// <summary>A SQLite file as Users made it while its migrations still named SQLite's column types.</summary>
public sealed class EarlierDatabaseTests : IDisposable
{
    private const string UsersTable =
        """
        CREATE TABLE "users" (
            "Id" INTEGER NOT NULL CONSTRAINT "PK_users" PRIMARY KEY AUTOINCREMENT,
            "Name" TEXT NOT NULL,
            "Email" TEXT NOT NULL,
            "EmailKey" TEXT NOT NULL,
            "Version" INTEGER NOT NULL,
            "CreatedAt" INTEGER NOT NULL
        )
        """;

    private const string UsersIndex = """CREATE UNIQUE INDEX "IX_users_EmailKey" ON "users" ("EmailKey")""";

    private const string Earlier =
        $"""
        CREATE TABLE "__EFMigrationsHistory" (
            "MigrationId" TEXT NOT NULL CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY, "ProductVersion" TEXT NOT NULL);
        INSERT INTO "__EFMigrationsHistory" VALUES ('20261123000000_Users', '10.0.15');
        CREATE TABLE quintet_schema (Step INTEGER NOT NULL PRIMARY KEY);
        INSERT INTO quintet_schema VALUES (0);
        CREATE TABLE quintet_outbox (
            Sequence INTEGER PRIMARY KEY AUTOINCREMENT, EventId TEXT NOT NULL UNIQUE, Type TEXT NOT NULL, Subject TEXT NOT NULL, Body BLOB NOT NULL,
            TraceParent TEXT NULL, TraceState TEXT NULL, AddedAt INTEGER NOT NULL, State INTEGER NOT NULL, Attempts INTEGER NOT NULL,
            NotBefore INTEGER NOT NULL, DoneAt INTEGER NULL, Fault TEXT NULL);
        CREATE TABLE quintet_inbox (
            Consumer TEXT NOT NULL, EventId TEXT NOT NULL, HandledAt INTEGER NOT NULL, PRIMARY KEY (Consumer, EventId)) WITHOUT ROWID;
        CREATE TABLE quintet_leases (Name TEXT NOT NULL PRIMARY KEY, Owner TEXT NOT NULL, Until INTEGER NOT NULL) WITHOUT ROWID;
        {UsersTable};
        {UsersIndex};
        INSERT INTO users VALUES (7, 'Ada', 'Ada@example.org', 'ada@example.org', 3, 1800000000000);
        """;

    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string File => Path.Combine(_folder["data"], "users.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_of_an_earlier_build_is_opened_and_goes_on()
    {
        Directory.CreateDirectory(_folder["data"]);
        await AskAsync(Earlier);

        await using WebApplication users = await StartAsync();
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = new Uri(users.Urls.First()) };
        JsonNode ada = (await client.GetFromJsonAsync<JsonNode>("/users/7", Cancellation))!;
        HttpResponseMessage created = await client.PostAsJsonAsync("/users", new { name = "Eve", email = "eve@example.org" }, Cancellation);

        Assert.Equal("Ada@example.org", (string?)ada["email"]);
        Assert.Equal("/users/8", created.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_new_file_has_the_tables_of_an_earlier_one()
    {
        await using (await StartAsync())
        {
        }

        // What later migrations add stands behind it.
        Assert.StartsWith(UsersTable[..^2], await AskAsync("SELECT sql FROM sqlite_master WHERE name = 'users'"), StringComparison.Ordinal);
        Assert.Equal(UsersIndex, await AskAsync("SELECT sql FROM sqlite_master WHERE name = 'IX_users_EmailKey'"));
    }

    private async Task<WebApplication> StartAsync()
    {
        WebApplication users = Program.Build(
            ["--PORT=0", "--QUINTET_SERVICE=users", $"--QUINTET_DATA={_folder["data"]}", "--Logging:LogLevel:Default=None"]);
        await users.StartAsync(Cancellation);
        return users;
    }

    private async Task<string?> AskAsync(string sql)
    {
        await using SqliteConnection file = new($"Data Source={File};Pooling=False");
        await file.OpenAsync(Cancellation);
        await using SqliteCommand command = file.CreateCommand();
        command.CommandText = sql;
        return (string?)await command.ExecuteScalarAsync(Cancellation);
    }
}
