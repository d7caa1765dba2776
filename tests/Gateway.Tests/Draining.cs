using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Quintet.Gateway.Tests.Doubles;
using Quintet.TestKit.Processes;

namespace Quintet.Gateway.Tests;

public sealed class Draining : IAsyncLifetime
{
    private readonly TaskCompletionSource _mayEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Backend _users = null!;
    private ConsulDouble _consul = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _consul = await ConsulDouble.StartAsync();
        _users = await Backend.StartAsync("users-1", async context =>
        {
            if (context.WebSockets.IsWebSocketRequest)
            {
                using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
                await socket.ReceiveAsync(new byte[10], context.RequestAborted);
                return;
            }

            if (context.Request.Path == "/users/slow")
            {
                _arrived.SetResult();
                await _mayEnd.Task;
            }

            await context.Response.WriteAsync("fine", context.RequestAborted);
        });
        _consul.Register("users-1", "users", _users.Url, "/users/{**rest}");
    }

    public async ValueTask DisposeAsync()
    {
        _mayEnd.TrySetResult();
        await _users.DisposeAsync();
        await _consul.DisposeAsync();
    }

    [Fact]
    public async Task While_it_drains_it_is_unready_and_still_answers_and_closes_each_connection()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url, ("Gateway:Drain:Delay", "00:00:03"));

        Task stopping = gateway.App.StopAsync(CancellationToken.None);
        await gateway.StatusAsync("/health/ready", 503);
        using HttpResponseMessage answer = await gateway.Http.GetAsync("/users/1", Cancellation);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.ConnectionClose);
        await stopping;
        await Assert.ThrowsAsync<HttpRequestException>(() => gateway.Http.GetAsync("/users/1", Cancellation));
    }

    [Fact]
    public async Task What_is_in_hand_is_finished()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url, ("Gateway:Drain:Deadline", "00:01:00"));
        Task<string> slow = gateway.GetAsync("/users/slow");
        await _arrived.Task;

        Task stopping = gateway.App.StopAsync(CancellationToken.None);
        await RefusedAsync(gateway);
        Assert.False(slow.IsCompleted);
        _mayEnd.SetResult();

        Assert.Equal("fine", await slow);
        await stopping;
    }

    [Fact]
    public async Task No_request_fails_while_clients_that_follow_readiness_move_away()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url, ("Gateway:Drain:Delay", "00:00:02"));
        ConcurrentQueue<HttpStatusCode> answers = new();
        using CancellationTokenSource end = new();
        Task[] clients = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                using HttpResponseMessage answer = await gateway.Http.GetAsync("/users/1", Cancellation);
                answers.Enqueue(answer.StatusCode);
            }
        }, Cancellation))];
        await Eventually.TrueAsync("load", () => Task.FromResult(answers.Count > 50), Cancellation);

        Task stopping = gateway.App.StopAsync(CancellationToken.None);
        await gateway.StatusAsync("/health/ready", 503);
        int before = answers.Count;
        await Eventually.TrueAsync("load while draining", () => Task.FromResult(answers.Count > before + 50), Cancellation);
        await end.CancelAsync();
        await Task.WhenAll(clients);
        await stopping;

        Assert.All(answers, status => Assert.Equal(HttpStatusCode.OK, status));
    }

    [Fact]
    public async Task A_web_socket_does_not_hold_it()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url, ("Gateway:Drain:Deadline", "00:10:00"));
        using ClientWebSocket socket = new();
        await socket.ConnectAsync(new Uri($"ws://{gateway.Url.Authority}/users/live"), Cancellation);
        long started = Stopwatch.GetTimestamp();

        await gateway.App.StopAsync(CancellationToken.None);

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(2));
        await Assert.ThrowsAnyAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[10], Cancellation));
    }

    private static Task RefusedAsync(RunningGateway gateway) => Eventually.TrueAsync(
        "refuses new connections",
        async () =>
        {
            using HttpClient fresh = new(new SocketsHttpHandler { UseProxy = false });
            try
            {
                using HttpResponseMessage answer = await fresh.GetAsync(new Uri(gateway.Url, "/health/live"), Cancellation);
                return false;
            }
            catch (HttpRequestException)
            {
                return true;
            }
        },
        Cancellation);
}
