using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Quintet.Gateway.Drain;

/// <summary>
/// The graceful end, in this order: 1. <c>/health/ready</c> says 503, so that load balancers look elsewhere; 2. for <c>Drain:Delay</c> requests
/// are still accepted, each answered with <c>Connection: close</c>; 3. WebSockets are told to go, and cut when they do not; 4. Kestrel
/// stops accepting and finishes what is in hand, at most until <c>Drain:Deadline</c>.
/// </summary>
internal sealed partial class DrainGate(
    IHostApplicationLifetime lifetime, IOptions<GatewayOptions> options, TimeProvider time, ILogger<DrainGate> logger) : IHostedLifecycleService
{
    private readonly ConcurrentDictionary<PassingWebSocket, Task> _webSockets = new();
    private volatile bool _isDraining;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        string protocol = context.Request.Protocol;
        if (HttpProtocol.IsHttp11(protocol) || HttpProtocol.IsHttp10(protocol)) context.Response.OnStarting(CloseWhenDraining, context);
        if (PassingWebSocket.TryAttach(context) is not { } socket)
        {
            await next(context);
            return;
        }

        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _webSockets.TryAdd(socket, ended.Task);
        try
        {
            await next(context);
        }
        finally
        {
            _webSockets.TryRemove(socket, out _);
            ended.SetResult();
        }
    }

    /// <summary>Runs before any hosted service, Kestrel included, is stopped.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _isDraining = true;
        lifetime.StopApplication(); // turns readiness off, also when the host was stopped directly
        DrainOptions drain = options.Value.Drain;
        Log.Draining(logger, drain.Delay.TotalSeconds, _webSockets.Count);
        await Task.Delay(drain.Delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await DismissWebSocketsAsync();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task DismissWebSocketsAsync()
    {
        using CancellationTokenSource late = new(options.Value.Drain.WebSocketFarewell, time);
        KeyValuePair<PassingWebSocket, Task>[] open = [.. _webSockets];
        await Task.WhenAll(open.Select(entry => entry.Key.LeaveAsync(late.Token)));
        await Task.WhenAll(open.Select(entry => entry.Value)).WaitAsync(late.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (PassingWebSocket socket in _webSockets.Keys) socket.Cut();
    }

    private Task CloseWhenDraining(object context)
    {
        HttpResponse response = ((HttpContext)context).Response;
        if (_isDraining && response.StatusCode != StatusCodes.Status101SwitchingProtocols) response.Headers.Connection = "close";
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(5061, LogLevel.Information, "Draining: still accepting for {Seconds} s, then ending {WebSockets} WebSockets and what is in hand")]
        public static partial void Draining(ILogger logger, double seconds, int webSockets);
    }
}
