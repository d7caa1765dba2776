using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Quintet.Chassis.Tests.Doubles;

/// <summary>Another service on a real port, without the chassis: it answers as the test says and remembers what it was told.</summary>
internal sealed class Sibling : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Sibling(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    /// <summary><c>X-Request-Deadline</c> of every request that arrived, in their order.</summary>
    public ConcurrentQueue<string?> Deadlines { get; } = [];

    public int Arrived => Deadlines.Count;

    public static async Task<Sibling> StartAsync(RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        Sibling sibling = new(builder.Build());
        sibling._app.Urls.Add("http://127.0.0.1:0");
        sibling._app.MapFallback(context =>
        {
            sibling.Deadlines.Enqueue(context.Request.Headers["X-Request-Deadline"]);
            return answer(context);
        });
        await sibling._app.StartAsync();
        return sibling;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
