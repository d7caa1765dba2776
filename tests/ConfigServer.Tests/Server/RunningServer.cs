using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Hosting.Settings;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.ConfigServer.Tests.Server;

/// <summary>The server on a free port of 127.0.0.1 with a real repository in a folder of its own.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly List<(string Key, string? Value)> settings = [];
    private WebApplication app = null!;
    private bool isRunning;

    private RunningServer()
    {
    }

    public HttpClient Http { get; private set; } = null!;

    public TempFolder Folder => folder;

    public string DataFolder => folder["data"];

    public ConfigRepository Repository { get; private set; } = null!;

    /// <summary>Somebody else's repository with these files on <c>main</c>, served with further settings below <c>ConfigServer:</c>.</summary>
    public static async Task<RunningServer> StartAsync(IEnumerable<(string Path, string? Content)> files, params (string Key, string? Value)[] settings)
    {
        RunningServer server = new();
        server.Repository = new ConfigRepository(server.folder["their repository"]);
        server.Repository.Commit("main", [.. files]);
        server.settings.Add(("ConfigServer:Repository", server.Repository.Path));
        await server.StartAsync(settings);
        return server;
    }

    /// <summary>A server that makes its own repository, after <paramref name="prepare"/> has had the folder.</summary>
    public static async Task<RunningServer> StartOwnAsync(Func<TempFolder, (string Key, string? Value)[]> prepare)
    {
        RunningServer server = new();
        await server.StartAsync(prepare(server.folder));
        return server;
    }

    public string? SettingsFile { get; set; }

    /// <summary>Stops it as an operator does and starts it again on the same data.</summary>
    public async Task RestartAsync()
    {
        await StopServerAsync();
        await StartAgainAsync();
    }

    public Task StartAgainAsync() => StartAsync();

    /// <summary>Changes the settings file and waits until the server has read it again.</summary>
    public async Task ChangeSettingsAsync(Action change)
    {
        TaskCompletionSource reloaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable registration = ((IConfiguration)app.Configuration).GetReloadToken().RegisterChangeCallback(_ => reloaded.TrySetResult(), null);
        change();
        await reloaded.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        Uri uri = new(Http.BaseAddress! + path.TrimStart('/'), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        HttpRequestMessage request = new(method, uri) { Content = content };
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>What the answer of a refused request is called in docs/errors.md.</summary>
    public static async Task<string> ProblemOf(HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using JsonDocument problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal((int)response.StatusCode, problem.RootElement.GetProperty("status").GetInt32());
        return problem.RootElement.GetProperty("type").GetString()!.Replace("urn:quintet:error:", "", StringComparison.Ordinal);
    }

    public async Task<JsonElement> JsonAsync(string path, params (string Name, string Value)[] headers)
    {
        HttpResponseMessage response = await GetAsync(path, headers);
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path}: {response.StatusCode} {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    public async Task<string> TextAsync(string path, params (string Name, string Value)[] headers)
    {
        HttpResponseMessage response = await GetAsync(path, headers);
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path}: {response.StatusCode} {body}");
        return body;
    }

    /// <summary>Waits, with the server's own watch, until an environment is no longer what it was in a version.</summary>
    public Task<JsonElement> ChangeOfAsync(string environment, string version) => JsonAsync($"/_ext/v1/config/watch/{environment}?version={version}&wait=60s");

    public void Present(string token) => Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

    public async Task StopServerAsync()
    {
        if (!isRunning) return;
        isRunning = false;
        await app.StopAsync();
        await app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopServerAsync();
        Http.Dispose();
        folder.Dispose();
    }

    private async Task StartAsync(params (string Key, string? Value)[] more)
    {
        settings.AddRange(more);
        SettingsFile ??= settings.FirstOrDefault(setting => setting.Key == "file").Value;
        Dictionary<string, string?> values = new()
        {
            ["ConfigServer:Port"] = "0",
            ["ConfigServer:DataFolder"] = DataFolder,
            ["Logging:Console:LogLevel:Default"] = Environment.GetEnvironmentVariable("SHOW") ?? "None",
        };
        foreach ((string key, string? value) in settings.Where(setting => setting.Key != "file"))
            values[key.StartsWith("ConfigServer:", StringComparison.Ordinal) ? key : $"ConfigServer:{key}"] = value;
        app = ConfigServerBox.Build(new BoxSettings(SettingsFile, values));
        await app.StartAsync(TestContext.Current.CancellationToken);
        isRunning = true;
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Http?.Dispose();
        Http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(2) };
    }
}
