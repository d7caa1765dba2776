using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http.Features;
using Quintet.Gateway.Drain;
using Quintet.Gateway.Tests.Doubles;
using Quintet.TestKit.Processes;

namespace Quintet.Gateway.Tests;

public sealed class Draining : IAsyncLifetime
{
    private readonly TaskCompletionSource _mayEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<WebSocketCloseStatus> _closedWith = new(TaskCreationOptions.RunContinuationsAsynchronously);
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
                WebSocketReceiveResult message = await socket.ReceiveAsync(new byte[10], context.RequestAborted);
                if (message.CloseStatus is { } status) _closedWith.TrySetResult(status);
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
    public async Task A_web_socket_is_told_on_both_sides_that_the_gateway_goes()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            _consul.Url, ("Gateway:Drain:WebSocketFarewell", "00:10:00"), ("Gateway:Drain:Deadline", "00:10:00"));
        using ClientWebSocket socket = new();
        await socket.ConnectAsync(new Uri($"ws://{gateway.Url.Authority}/users/live"), Cancellation);

        Task stopping = gateway.App.StopAsync(CancellationToken.None);
        WebSocketReceiveResult message = await socket.ReceiveAsync(new byte[10], Cancellation);
        await socket.CloseOutputAsync(message.CloseStatus!.Value, null, Cancellation);

        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, message.CloseStatus); // 1001
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await _closedWith.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        await stopping;
    }

    [Fact]
    public async Task A_web_socket_that_opens_while_the_gateway_goes_is_told_too()
    {
        LateUpgrade upgrade = new();
        DefaultHttpContext context = new();
        context.Features.Set<IHttpUpgradeFeature>(upgrade);
        PassingWebSocket passing = PassingWebSocket.TryAttach(context)!;
        Task<Stream> opening = passing.UpgradeAsync();

        await passing.LeaveAsync(Cancellation);
        MemoryStream toClient = new();
        upgrade.Opened.SetResult(toClient);
        await opening;

        Assert.Equal([0x88, 0x02, 0x03, 0xe9], toClient.ToArray()); // Close, 1001
    }

    [Fact]
    public async Task A_web_socket_whose_client_does_not_answer_does_not_hold_it()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url, ("Gateway:Drain:Deadline", "00:10:00"));
        using ClientWebSocket socket = new();
        await socket.ConnectAsync(new Uri($"ws://{gateway.Url.Authority}/users/live"), Cancellation);
        long started = Stopwatch.GetTimestamp();

        await gateway.App.StopAsync(CancellationToken.None);

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void A_frame_boundary_is_found_however_the_bytes_are_cut()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        Random random = new(seed);
        List<byte> bytes = [];
        HashSet<int> ends = [0];
        foreach (int length in new[] { 0, 1, 125, 126, 127, 65535, 65536, 70_000, 0, 3 })
        {
            bool isMasked = random.Next(2) == 0;
            bytes.AddRange(HeadOf(length, isMasked));
            bytes.AddRange(Enumerable.Repeat((byte)0x88, length + (isMasked ? 4 : 0)));
            ends.Add(bytes.Count);
        }

        byte[] all = [.. bytes];
        FrameBoundary boundary = new();
        for (int at = 0; at < all.Length;)
        {
            int count = boundary.Take(all.AsSpan(at, Math.Min(random.Next(1, 5000), all.Length - at)), isOneFrame: random.Next(2) == 0);
            at += count;
            Assert.True(boundary.IsBetween == ends.Contains(at), $"seed {seed}, byte {at}");
        }
    }

    private static byte[] HeadOf(int length, bool isMasked)
    {
        byte mask = isMasked ? (byte)0x80 : (byte)0;
        return length switch
        {
            < 126 => [0x82, (byte)(mask | length)],
            <= 65535 => [0x82, (byte)(mask | 126), (byte)(length >> 8), (byte)length],
            _ => [0x82, (byte)(mask | 127), 0, 0, 0, 0, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length],
        };
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
