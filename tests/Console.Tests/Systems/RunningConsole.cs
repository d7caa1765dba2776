using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Console.Access;
using Quintet.Hosting.Settings;
using Quintet.TestKit.Files;

namespace Quintet.Console.Tests.Systems;

/// <summary>A console on a free port of loopback, and browsers that visit it.</summary>
internal sealed class RunningConsole : IAsyncDisposable
{
    public const string Key = "for-tests-only-0123456789";
    public const string ViewerToken = "viewer-token-for-tests";
    public const string OperatorToken = "operator-token-for-tests";

    private readonly TempFolder _folder;
    private readonly bool _ownsFolder;
    private readonly WebApplication _app;

    private RunningConsole(WebApplication app, TempFolder folder, bool ownsFolder) => (_app, _folder, _ownsFolder) = (app, folder, ownsFolder);

    /// <summary>Its own, that of OTLP over gRPC, and that of OTLP over HTTP.</summary>
    public IReadOnlyList<Uri> Addresses =>
        [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))];

    public Uri Address => Addresses[0];

    public IServiceProvider Services => _app.Services;

    public static Task<RunningConsole> StartAsync(TempFolder? folder = null, params (string Key, string? Value)[] settings) =>
        StartAsync(folder, null, settings);

    public static async Task<RunningConsole> StartAsync(
        TempFolder? folder, Action<IServiceCollection>? replace, params (string Key, string? Value)[] settings)
    {
        TempFolder data = folder ?? new TempFolder();
        Dictionary<string, string?> values = new()
        {
            ["Console:Port"] = "0",
            ["Console:DataFolder"] = data["data"],
            ["Console:Access:LinkKey"] = Key,
            ["Console:Access:Tokens:0:Name"] = "watcher",
            ["Console:Access:Tokens:0:Secret"] = ViewerToken,
            ["Console:Access:Tokens:1:Name"] = "robot",
            ["Console:Access:Tokens:1:Secret"] = OperatorToken,
            ["Console:Access:Tokens:1:Role"] = "Operator",
            ["Console:Telemetry:HttpPort"] = "0",
            ["Console:Telemetry:GrpcPort"] = "0",
            ["Logging:LogLevel:Default"] = "Warning",
        };
        foreach ((string key, string? value) in settings) values[key] = value;
        WebApplication app = ConsoleBox.Build(new BoxSettings(null, values), services => replace?.Invoke(services));
        await app.StartAsync();
        return new RunningConsole(app, data, folder is null);
    }

    /// <summary>A browser with cookies of its own, which follows nothing by itself.</summary>
    public HttpClient Browser(CookieContainer? cookies = null)
    {
        SocketsHttpHandler handler = new() { CookieContainer = cookies ?? new CookieContainer(), AllowAutoRedirect = false };
        HttpClient browser = new(handler) { BaseAddress = Address };
        browser.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        return browser;
    }

    public async Task<HttpClient> LoggedInAsync(ConsoleRole role, CancellationToken cancellation, CookieContainer? cookies = null)
    {
        HttpClient browser = Browser(cookies);
        (await browser.GetAsync(Link(role), cancellation)).EnsureSuccessStatusCode();
        return browser;
    }

    public Uri Link(ConsoleRole role = ConsoleRole.Operator, TimeSpan age = default, string key = Key) =>
        LoginLink.Create(Address, key, role, "ann", TimeProvider.System.GetUtcNow() - age);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (_ownsFolder) _folder.Dispose();
    }
}
