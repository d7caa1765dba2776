using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Quintet.Gateway.Tests.Doubles;
using Quintet.TestKit.Files;
using Quintet.TestKit.Network;

namespace Quintet.Gateway.Tests;

public sealed class Conversations : IAsyncLifetime
{
    private ConsulDouble _consul = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _consul = await ConsulDouble.StartAsync();

    public ValueTask DisposeAsync() => _consul.DisposeAsync();

    [Fact]
    public async Task A_web_socket_passes_both_ways()
    {
        await using Backend chat = await Backend.StartAsync("chat-1", EchoAsync);
        _consul.Register("chat-1", "chat", chat.Url, "/chat");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        using ClientWebSocket socket = new();

        await socket.ConnectAsync(new Uri($"ws://{gateway.Url.Authority}/chat"), Cancellation);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, Cancellation);

        Assert.Equal("hello", await ReceiveAsync(socket));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", Cancellation);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task Http_2_without_tls_passes_with_trailers()
    {
        await using Backend grpc = await Backend.StartAsync(
            "grpc-1",
            async context =>
            {
                context.Response.ContentType = "application/grpc";
                await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
                context.Response.AppendTrailer("grpc-status", "0");
            },
            protocols: HttpProtocols.Http2);
        Dictionary<string, string> meta = new() { ["quintet-route-0"] = "/greet.Greeter/{method}", ["quintet-protocol"] = "h2c" };
        _consul.Register(new("grpc-1", "grpc", grpc.Url.Host, grpc.Url.Port, "passing", meta));
        int port = FreePort.Take();
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url, ("Gateway:Http2Port", $"{port}"));

        using HttpRequestMessage call = new(HttpMethod.Post, $"http://127.0.0.1:{port}/greet.Greeter/SayHello")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 1, 42]) { Headers = { { "Content-Type", "application/grpc" } } },
        };
        call.Headers.TE.Add(new("trailers"));
        using HttpResponseMessage answer = await gateway.Http.SendAsync(call, Cancellation);

        Assert.Equal([0, 0, 0, 0, 1, 42], await answer.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Equal("0", answer.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task A_trace_is_continued()
    {
        await using Backend users = await StartTelling("traceparent");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        using HttpRequestMessage request = new(HttpMethod.Get, "/users/1");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        using HttpResponseMessage answer = await gateway.Http.SendAsync(request, Cancellation);

        string arrived = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", arrived, StringComparison.Ordinal);
        Assert.EndsWith("-01", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("b7ad6b7169203331", arrived, StringComparison.Ordinal); // the gateway's own span is the parent
    }

    [Theory]
    [InlineData(null)]
    [InlineData("00-garbage")]
    public async Task A_trace_begins_where_the_client_sent_none(string? sent)
    {
        await using Backend users = await StartTelling("traceparent");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        using HttpRequestMessage request = new(HttpMethod.Get, "/users/1");
        if (sent is not null) request.Headers.TryAddWithoutValidation("traceparent", sent);

        using HttpResponseMessage answer = await gateway.Http.SendAsync(request, Cancellation);

        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-01$", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task The_access_log_has_a_line_a_request_and_no_query()
    {
        using TempFolder folder = new();
        await using Backend users = await StartTelling("host");
        await using (RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url, ("Gateway:AccessLog:File", folder["access.log"])))
        {
            await gateway.GetAsync("/users/1?token=secret");
            await gateway.StatusAsync("/nowhere", 404);
        }

        JsonElement[] lines = [.. (await File.ReadAllLinesAsync(folder["access.log"], Cancellation)).Select(line => JsonDocument.Parse(line).RootElement)];
        JsonElement line = lines.Single(l => l.GetProperty("path").GetString() == "/users/1");
        Assert.Equal("users", line.GetProperty("service").GetString());
        Assert.Equal("users-1", line.GetProperty("instance").GetString());
        Assert.Equal(200, line.GetProperty("status").GetInt32());
        Assert.DoesNotContain(lines, l => l.ToString().Contains("secret", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.GetProperty("status").GetInt32() == 404);
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
        byte[] buffer = new byte[1024];
        while (true)
        {
            WebSocketReceiveResult message = await socket.ReceiveAsync(buffer, context.RequestAborted);
            if (message.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(message.CloseStatus!.Value, "bye", context.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, context.RequestAborted);
        }
    }

    private static async Task<string> ReceiveAsync(WebSocket socket)
    {
        byte[] buffer = new byte[1024];
        WebSocketReceiveResult message = await socket.ReceiveAsync(buffer, Cancellation);
        return Encoding.UTF8.GetString(buffer, 0, message.Count);
    }

    private async Task<Backend> StartTelling(string header)
    {
        Backend users = await Backend.StartAsync("users-1", context => context.Response.WriteAsync(context.Request.Headers[header].ToString()));
        _consul.Register("users-1", "users", users.Url, "/users/{**rest}");
        return users;
    }
}
