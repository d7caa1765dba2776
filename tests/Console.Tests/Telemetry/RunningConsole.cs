using System.Net.Http.Headers;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Quintet.Hosting.Settings;
using Quintet.TestKit.Files;

namespace Quintet.Console.Tests.Telemetry;

/// <summary>A whole console on free ports of 127.0.0.1, over a folder of its own, and a client to it.</summary>
internal sealed class RunningConsole : IAsyncDisposable
{
    private const string Token = "token-of-the-tests-only";

    private readonly WebApplication _app;
    private readonly TempFolder? _ownFolder;

    private RunningConsole(WebApplication app, TempFolder? ownFolder)
    {
        _app = app;
        _ownFolder = ownFolder;
        string[] urls = [.. app.Urls];
        Client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(urls[0]) };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        Grpc = new Uri(urls[1]);
        Http = new Uri(urls[2]);
    }

    public HttpClient Client { get; }

    public Uri Grpc { get; }

    public Uri Http { get; }

    public static async Task<RunningConsole> StartAsync(params (string Key, string? Value)[] settings) => await StartAsync(null, settings);

    public static async Task<RunningConsole> StartAsync(Action<IServiceCollection>? replace, params (string Key, string? Value)[] settings)
    {
        TempFolder folder = new();
        Dictionary<string, string?> values = new()
        {
            ["Console:Port"] = "0",
            ["Console:DataFolder"] = folder.Path,
            ["Console:Access:Tokens:0:Name"] = "tests",
            ["Console:Access:Tokens:0:Secret"] = Token,
            ["Console:Telemetry:GrpcPort"] = "0",
            ["Console:Telemetry:HttpPort"] = "0",
        };
        foreach ((string key, string? value) in settings) values[$"Console:{key}"] = value;
        WebApplication app = ConsoleBox.Build(new BoxSettings(null, values), services =>
        {
            services.RemoveAll<ILoggerProvider>();
            replace?.Invoke(services);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunningConsole(app, folder);
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>Posts to the port of OTLP over HTTP.</summary>
    public async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string contentType = "application/x-protobuf", string? encoding = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(Http, path)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (encoding is not null) request.Content.Headers.ContentEncoding.Add(encoding);
        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Posts and expects that all of it was taken.</summary>
    public async Task SendAsync(string path, IMessage message)
    {
        using HttpResponseMessage response = await PostAsync(path, message.ToByteArray());
        Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _ownFolder?.Dispose();
    }
}
