using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Quintet.Gateway.Tests.Doubles;

/// <summary>An instance of a service on a real port; answers with its own name unless told otherwise.</summary>
public sealed class Backend : IAsyncDisposable
{
    private readonly WebApplication _app;
    private bool _isDead;

    private Backend(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.First());

    public string Name { get; private init; } = "";

    /// <summary>Method and path of every request that arrived.</summary>
    public ConcurrentQueue<string> Arrived { get; } = new();

    public static async Task<Backend> StartAsync(
        string name, RequestDelegate? answer = null, int port = 0, HttpProtocols protocols = HttpProtocols.Http1)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = protocols);
        });
        WebApplication app = builder.Build();
        app.UseWebSockets();
        Backend backend = new(app) { Name = name };
        app.Run(context =>
        {
            backend.Arrived.Enqueue($"{context.Request.Method} {context.Request.Path}");
            return answer is null ? context.Response.WriteAsync(name) : answer(context);
        });
        await app.StartAsync();
        return backend;
    }

    /// <summary>As kill -9 looks from outside: connections are cut, the port refuses.</summary>
    public async Task KillAsync()
    {
        if (_isDead) return;
        _isDead = true;
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await KillAsync();
}
