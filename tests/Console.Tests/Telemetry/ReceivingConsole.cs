using System.Net.Http.Headers;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Console.Tests.Systems;

namespace Quintet.Console.Tests.Telemetry;

/// <summary>A running console as those see it who send telemetry and ask about it.</summary>
internal sealed class ReceivingConsole : IAsyncDisposable
{
    private readonly RunningConsole _console;

    private ReceivingConsole(RunningConsole console)
    {
        _console = console;
        Client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = console.Address };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", RunningConsole.OperatorToken);
        (Grpc, Http) = (console.Addresses[1], console.Addresses[2]);
    }

    public HttpClient Client { get; }

    public Uri Grpc { get; }

    public Uri Http { get; }

    /// <summary>Settings are named below <c>Console:</c>.</summary>
    public static Task<ReceivingConsole> StartAsync(params (string Key, string? Value)[] settings) => StartAsync(null, settings);

    public static async Task<ReceivingConsole> StartAsync(Action<IServiceCollection>? replace, params (string Key, string? Value)[] settings) =>
        new(await RunningConsole.StartAsync(null, replace, [.. settings.Select(setting => ($"Console:{setting.Key}", setting.Value))]));

    public T Get<T>()
        where T : notnull => _console.Services.GetRequiredService<T>();

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
        await _console.DisposeAsync();
    }
}
