using Microsoft.AspNetCore.Builder;
using Quintet.Notifications.Tests.Doubles;
using Quintet.TestKit.Files;
using Quintet.TestKit.Systems;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Quintet.Notifications.Tests;

/// <summary>The service Notifications in this process: real Kestrel, a real database, a pickup folder, and a double of Users.</summary>
public sealed class RunningNotifications(PostgresServer? server) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private WebApplication? _app;

    internal UsersDouble Users { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public IServiceProvider Services => _app!.Services;

    public string MailFolder => _folder["mail"];

    public async ValueTask InitializeAsync()
    {
        string[] database = await PostgresServer.SettingsOfNewAsync(server, TestContext.Current.CancellationToken);
        Users = await UsersDouble.StartAsync();
        _app = Program.Build(
        [
            "--PORT=0", "--QUINTET_SERVICE=notifications", $"--QUINTET_DATA={_folder["data"]}", $"--MAIL_DIRECTORY={MailFolder}",
            $"--services:users:http:0={Users.Url}", "--Logging:LogLevel:Default=None", .. database.Select(setting => $"--{setting}"),
        ]);
        await _app.StartAsync();
        Client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(_app.Urls.First()) };
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is null) return;
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Users.DisposeAsync();
        _folder.Dispose();
    }

    public string[] Mails() => Directory.Exists(MailFolder) ? Directory.GetFiles(MailFolder) : [];
}
