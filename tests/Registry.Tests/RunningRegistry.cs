using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Quintet.Hosting.Settings;

namespace Quintet.Registry.Tests;

/// <summary>A whole registry on a free port of 127.0.0.1, over a folder of its own, and a client to it.</summary>
internal sealed class RunningRegistry : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string? _ownFolder;

    private RunningRegistry(WebApplication app, string folder, bool ownsFolder)
    {
        _app = app;
        Folder = folder;
        _ownFolder = ownsFolder ? folder : null;
        Client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 10_000, AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(app.Urls.First()),
            Timeout = TimeSpan.FromMinutes(1),
        };
    }

    public string Folder { get; }

    public HttpClient Client { get; }

    public int Port => Client.BaseAddress!.Port;

    public IServiceProvider Services => _app.Services;

    public static Task<RunningRegistry> StartAsync(params (string Key, string? Value)[] settings) => StartAsync(null, null, settings);

    public static async Task<RunningRegistry> StartAsync(string? folder, Action<IServiceCollection>? replace, params (string Key, string? Value)[] settings)
    {
        bool owns = folder is null;
        folder ??= Directory.CreateTempSubdirectory("quintet-registry-").FullName;
        Dictionary<string, string?> values = new()
        {
            ["Registry:Port"] = "0",
            ["Registry:DataFolder"] = folder,
            ["Registry:NodeName"] = "node1",
        };
        foreach ((string key, string? value) in settings) values[key] = value;
        values.Remove("File", out string? file);
        WebApplication app = RegistryBox.Build(new BoxSettings(file, values), services =>
        {
            services.RemoveAll<ILoggerProvider>();
            replace?.Invoke(services);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunningRegistry(app, folder, owns);
    }

    /// <summary>Reads the settings again, as a changed file makes the registry do; faults stay inside.</summary>
    public void Reload()
    {
        try
        {
            ((IConfigurationRoot)Services.GetRequiredService<IConfiguration>()).Reload();
        }
        catch (AggregateException)
        {
            // What a watcher of the file would have thrown away: the framework's own reader of options complains of the faults.
        }
    }

    /// <summary>Stops in good order and keeps the folder.</summary>
    public async Task StopAsync()
    {
        Client.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_ownFolder is not null) Directory.Delete(_ownFolder, recursive: true);
    }

    public Task<Reply> GetAsync(string path, string? token = null) => SendAsync(HttpMethod.Get, path, null, token);

    public Task<Reply> PutAsync(string path, string? body = null, string? token = null) => SendAsync(HttpMethod.Put, path, body, token);

    public Task<Reply> DeleteAsync(string path, string? token = null) => SendAsync(HttpMethod.Delete, path, null, token);

    public async Task<Reply> SendAsync(HttpMethod method, string path, string? body, string? token = null, CancellationToken? cancellation = null)
    {
        // "DangerousDisablePathAndQueryCanonicalization": the path is sent as the test wrote it.
        string address = Client.BaseAddress!.GetLeftPart(UriPartial.Authority) + path;
        Uri uri = new(address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using HttpRequestMessage request = new(method, uri);
        if (body is not null) request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)); // no Content-Type, as several clients send it
        if (token is not null) request.Headers.Add("X-Consul-Token", token);
        using HttpResponseMessage response = await Client.SendAsync(request, cancellation ?? TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(cancellation ?? TestContext.Current.CancellationToken);
        return new Reply(response.StatusCode, text, response.Headers, response.Content.Headers);
    }

    /// <summary>Registers an instance and expects success.</summary>
    public async Task RegisterAsync(object definition)
    {
        Reply reply = await PutAsync("/v1/agent/service/register", JsonSerializer.Serialize(definition));
        Assert.Equal((HttpStatusCode.OK, ""), (reply.Status, reply.Text));
    }
}

/// <summary>An answer, read whole.</summary>
internal sealed record Reply(HttpStatusCode Status, string Text, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public ulong Index => ulong.Parse(Headers.GetValues("X-Consul-Index").Single(), CultureInfo.InvariantCulture);

    public string? Header(string name) => Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(',', values) : null;
}
