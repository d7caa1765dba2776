using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using Quintet.Gateway.Tests.Doubles;

namespace Quintet.Gateway.Tests;

/// <summary>What instances are told by <c>X-Request-Deadline</c>.</summary>
public sealed class Deadlines : IAsyncLifetime
{
    private const string Header = "X-Request-Deadline";
    private readonly ConcurrentQueue<string?> _told = [];
    private readonly List<Backend> _backends = [];
    private ConsulDouble _consul = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _consul = await ConsulDouble.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (Backend backend in _backends) await backend.DisposeAsync();
        await _consul.DisposeAsync();
    }

    [Fact]
    public async Task An_instance_is_told_how_long_the_gateway_waits_for_this_try()
    {
        await StartAsync("users-1", status: 503);
        await StartAsync("users-2", status: 503);
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            _consul.Url, ("Gateway:Timeouts:PerTry", "00:01:00"), ("Gateway:Timeouts:Total", "00:05:00"));

        await SendAsync(gateway, null);

        Assert.InRange(Told(), 1, 60_000);
        Assert.InRange(Told(), 60_001, 300_000); // the last try has all that is left
    }

    [Theory]
    [InlineData("1000", 1, 1_000)]
    [InlineData("90000", 1_001, 30_000)] // the gateway does not wait as long
    [InlineData("soon", 1_001, 30_000)]
    public async Task A_clients_deadline_counts_when_it_is_lower(string deadline, int least, int most)
    {
        await StartAsync("users-1");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        await SendAsync(gateway, deadline);

        Assert.InRange(Told(), least, most);
    }

    [Fact]
    public async Task A_services_own_timeout_is_told()
    {
        _consul.PutKey("quintet/gateway/users", """{"totalTimeout":"00:00:02"}""");
        await StartAsync("users-1");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        await SendAsync(gateway, null);

        Assert.InRange(Told(), 1, 2_000);
    }

    [Fact]
    public async Task Behind_a_large_body_only_the_clients_deadline_is_told()
    {
        await StartAsync("users-1");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        await SendAsync(gateway, null, new byte[70_000]);
        await SendAsync(gateway, "90000", new byte[70_000]);
        await SendAsync(gateway, null, new byte[100]);

        Assert.True(_told.TryDequeue(out string? none));
        Assert.Null(none);
        Assert.InRange(Told(), 60_000, 90_000);
        Assert.InRange(Told(), 1, 30_000);
    }

    [Fact]
    public async Task A_conversation_has_no_deadline()
    {
        await StartAsync("users-1");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        using ClientWebSocket socket = new();

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://{gateway.Url.Authority}/users/chat"), Cancellation));

        Assert.True(_told.TryDequeue(out string? none));
        Assert.Null(none);
    }

    [Fact]
    public async Task A_504_of_a_deadline_that_is_over_is_not_taken_to_another_instance()
    {
        await StartAsync("users-1", status: 504);
        await StartAsync("users-2", status: 504);
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        await SendAsync(gateway, "0");

        Assert.Equal("0", Assert.Single(_told));
    }

    private int Told()
    {
        Assert.True(_told.TryDequeue(out string? told));
        return int.Parse(told!, CultureInfo.InvariantCulture);
    }

    private static async Task SendAsync(RunningGateway gateway, string? deadline, byte[]? body = null)
    {
        using HttpRequestMessage request = new(body is null ? HttpMethod.Get : HttpMethod.Post, "/users/1");
        if (body is not null) request.Content = new ByteArrayContent(body);
        if (deadline is not null) request.Headers.Add(Header, deadline);
        using HttpResponseMessage answer = await gateway.Http.SendAsync(request, Cancellation);
    }

    private async Task StartAsync(string id, int status = 200)
    {
        Backend backend = await Backend.StartAsync(id, context =>
        {
            _told.Enqueue(context.Request.Headers.TryGetValue(Header, out var told) ? told.ToString() : null);
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        _backends.Add(backend);
        _consul.Register(id, "users", backend.Url, "/users/{**rest}");
    }
}
