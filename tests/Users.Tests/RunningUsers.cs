using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Users.Tests;

/// <summary>The service Users in this process, alone: real Kestrel, a real SQLite file, nothing of Quintet around it.</summary>
public sealed class RunningUsers : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private WebApplication _app = null!;

    public HttpClient Client { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    public async ValueTask InitializeAsync()
    {
        _app = await StartInstanceAsync("users-1");
        Client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(_app.Urls.First()) };
    }

    /// <summary>One more instance on the same database.</summary>
    public async Task<WebApplication> StartInstanceAsync(string instance)
    {
        WebApplication app = Program.Build(
        [
            "--PORT=0", "--QUINTET_SERVICE=users", $"--QUINTET_INSTANCE={instance}", $"--QUINTET_DATA={_folder["data"]}", "--Logging:LogLevel:Default=None",
        ]);
        await app.StartAsync();
        return app;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    public async Task<(long Id, string Tag)> SignUpAsync(string name, string email)
    {
        HttpResponseMessage created = await Client.PostAsJsonAsync("/users", new { name, email }, TestContext.Current.CancellationToken);
        created.EnsureSuccessStatusCode();
        JsonNode user = (await created.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!;
        return ((long)user["id"]!, created.Headers.ETag!.ToString());
    }
}
