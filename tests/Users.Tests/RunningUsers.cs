using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Quintet.TestKit.Files;
using Quintet.TestKit.Systems;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Quintet.Users.Tests;

/// <summary>The service Users in this process, alone: real Kestrel, a real database, nothing of Quintet around it. Shared by the tests of a class.</summary>
public abstract class RunningUsers(PostgresServer? server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly SemaphoreSlim _gate = new(1, 1);
    private WebApplication? _app;
    private string[] _database = [];

    public HttpClient Client { get; private set; } = null!;

    public IServiceProvider Services => _app!.Services;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Started by the first test, so that a missing package skips tests.</summary>
    public async ValueTask StartAsync()
    {
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_app is not null) return;
            _database = await PostgresServer.SettingsOfNewAsync(server, TestContext.Current.CancellationToken);
            _app = await StartInstanceAsync("users-1");
            Client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(_app.Urls.First()) };
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>One more instance on the same database.</summary>
    public async Task<WebApplication> StartInstanceAsync(string instance)
    {
        WebApplication app = Program.Build(
        [
            "--PORT=0", "--QUINTET_SERVICE=users", $"--QUINTET_INSTANCE={instance}", $"--QUINTET_DATA={_folder["data"]}", "--Logging:LogLevel:Default=None",
            .. _database.Select(setting => $"--{setting}"),
        ]);
        await app.StartAsync();
        return app;
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            Client.Dispose();
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        _folder.Dispose();
        _gate.Dispose();
    }

    public async Task<(long Id, string Tag)> SignUpAsync(string name, string email)
    {
        HttpResponseMessage created = await Client.PostAsJsonAsync("/users", new { name, email }, TestContext.Current.CancellationToken);
        created.EnsureSuccessStatusCode();
        JsonNode user = (await created.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!;
        return ((long)user["id"]!, created.Headers.ETag!.ToString());
    }

    public sealed class OnSqlite() : RunningUsers(null);

    public sealed class OnPostgres(PostgresServer server) : RunningUsers(server);
}
