using System.Net;
using Microsoft.Extensions.Options;
using Quintet.Gateway.Tests.Doubles;

namespace Quintet.Gateway.Tests;

public sealed class StrictEdge : IAsyncLifetime
{
    private Backend _users = null!;
    private ConsulDouble _consul = null!;
    private RunningGateway _gateway = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _consul = await ConsulDouble.StartAsync();
        _users = await Backend.StartAsync("users-1", async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            await context.Response.WriteAsync(string.Join('\n', context.Request.Headers.Select(h => $"{h.Key}: {h.Value}")), context.RequestAborted);
        });
        _consul.Register("users-1", "users", _users.Url, "/users/{**rest}");
        _gateway = await RunningGateway.StartAsync(_consul.Url, ("Gateway:Limits:BodyBytesMax", "1000"), ("Gateway:Limits:HeaderBytesMax", "4096"));
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _users.DisposeAsync();
        await _consul.DisposeAsync();
    }

    [Theory]
    [InlineData("POST /users HTTP/1.1\nHost: g\nContent-Length: 6\nTransfer-Encoding: chunked\n\n0\n\nGET /users/smuggled HTTP/1.1\nHost: g\n\n", 400)]
    [InlineData("POST /users HTTP/1.1\nHost: g\nTransfer-Encoding: chunked\nContent-Length: 6\n\n0\n\nX", 400)]
    [InlineData("POST /users HTTP/1.1\nHost: g\nContent-Length: 1\nContent-Length: 2\n\nX", 400)]
    [InlineData("POST /users HTTP/1.1\nHost: g\nContent-Length: -1\n\nX", 400)]
    [InlineData("POST /users HTTP/1.1\nHost: g\nTransfer-Encoding: gzip, chunked\n\n0\n\n", 501)]
    [InlineData("POST /users HTTP/1.1\nHost: g\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n0\n\n", 501)]
    [InlineData("POST /users HTTP/1.1\nHost: g\nTransfer-Encoding: xchunked\n\n0\n\n", 400)]
    [InlineData("POST /users HTTP/1.1\nHost: g\nTransfer-Encoding : chunked\n\n0\n\n", 400)]
    [InlineData("POST /users HTTP/1.0\nHost: g\nTransfer-Encoding: chunked\n\n0\n\n", 400)]
    [InlineData("GET /users HTTP/1.1\nHost: g\nHost: h\nConnection: close\n\n", 400)]
    [InlineData("GET /users HTTP/1.1\nConnection: close\n\n", 400)]
    [InlineData("GET /users/a%2fb HTTP/1.1\nHost: g\n\n", 400)]
    [InlineData("GET /users/a%5Cb HTTP/1.1\nHost: g\n\n", 400)]
    [InlineData("GET /users/a\\b HTTP/1.1\nHost: g\n\n", 400)]
    [InlineData("GET /users/a%00b HTTP/1.1\nHost: g\n\n", 400)]
    [InlineData("GET /users/a%0d%0ab HTTP/1.1\nHost: g\n\n", 400)]
    [InlineData("GET /users/a%zz HTTP/1.1\nHost: g\n\n", 400)]
    [InlineData("GET /users/a% HTTP/1.1\nHost: g\n\n", 400)]
    [InlineData("GET /users/../admin HTTP/1.1\nHost: g\n\n", 400)]
    [InlineData("GET /users/%2e%2E/admin HTTP/1.1\nHost: g\n\n", 400)]
    [InlineData("GET /users/..;x=1/admin HTTP/1.1\nHost: g\n\n", 400)]
    [InlineData("GET http://g/users/../admin HTTP/1.1\nHost: g\n\n", 400)]
    [InlineData("TRACE /users HTTP/1.1\nHost: g\n\n", 405)]
    [InlineData("CONNECT users:80 HTTP/1.1\nHost: users:80\n\n", 405)]
    public async Task A_request_that_two_servers_could_read_differently_is_refused_and_its_connection_closed(string request, int status)
    {
        string answer = await RawClient.AskAsync(_gateway.Url, request, Cancellation);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\nHTTP/1.1 ", answer, StringComparison.Ordinal); // nothing after it was taken for a request
        Assert.Empty(_users.Arrived);
    }

    [Theory]
    [InlineData("GET /users/a%2fb HTTP/1.1\nHost: g\n\n", "bad-request")]
    [InlineData("TRACE /users HTTP/1.1\nHost: g\n\n", "method-refused")]
    [InlineData("POST /users HTTP/1.1\nHost: g\nTransfer-Encoding: gzip, chunked\n\n0\n\n", "unknown-transfer-coding")]
    public async Task A_refusal_at_the_edge_names_its_type(string request, string slug)
    {
        string answer = await RawClient.AskAsync(_gateway.Url, request, Cancellation);

        Assert.Contains($"\"urn:quintet:error:{slug}\"", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/users/a%20b?x=%2F..%00")]
    [InlineData("/users/..a/b..")]
    [InlineData("/users/%252F")]
    [InlineData("/users/%C3%A9;v=1")]
    public async Task An_ordinary_path_passes(string path)
    {
        string answer = await RawClient.AskAsync(_gateway.Url, $"GET {path} HTTP/1.1\nHost: g\nConnection: close\n\n", Cancellation);

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_that_are_not_the_clients_to_send_do_not_arrive()
    {
        string answer = await RawClient.AskAsync(
            _gateway.Url,
            "GET /users HTTP/1.1\nHost: shop.example\nConnection: X-Secret\nX-Secret: 1\nProxy: evil\nX_User: admin\nX-Content-Length: 5\n"
            + "X-Forwarded-For: 6.6.6.6\nForwarded: for=7.7.7.7\nX-Kept: yes\n\nGET /nothing HTTP/1.1\nHost: g\nConnection: close\n\n",
            Cancellation);

        Assert.Contains("X-Kept: yes", answer, StringComparison.Ordinal);
        Assert.Contains("X-Forwarded-For: 127.0.0.1", answer, StringComparison.Ordinal);
        Assert.Contains("X-Forwarded-Host: shop.example", answer, StringComparison.Ordinal);
        foreach (string gone in new[] { "X-Secret", "Proxy:", "X_User", "X-Content-Length", "6.6.6.6", "7.7.7.7" })
            Assert.DoesNotContain(gone, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_length_with_a_sign_arrives_without_it()
    {
        // Kestrel reads it as 1 before the gateway sees it; what matters is that the service reads the same.
        string answer = await RawClient.AskAsync(_gateway.Url, "POST /users HTTP/1.1\nHost: g\nConnection: close\nContent-Length: +1\n\nX", Cancellation);

        Assert.Contains("Content-Length: 1\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trusted_proxy_is_believed_about_the_client()
    {
        await using RunningGateway behind = await RunningGateway.StartAsync(_consul.Url, ("Gateway:TrustedProxies:0", "127.0.0.0/8"));

        string answer = await RawClient.AskAsync(behind.Url, "GET /users HTTP/1.1\nHost: g\nConnection: close\nX-Forwarded-For: 6.6.6.6\n\n", Cancellation);

        Assert.Contains("X-Forwarded-For: 6.6.6.6", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instance_that_is_the_gateway_itself_ends_in_508()
    {
        _consul.Register("loop-1", "loop", _gateway.Url, "/loop");
        await _gateway.StatusAsync("/loop", 508);

        using HttpResponseMessage answer = await _gateway.Http.GetAsync("/loop", Cancellation);

        Assert.Equal("forwarding-loop", await RunningGateway.ProblemOf(answer));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_too_large_is_413_with_and_without_a_length(bool hasLength)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/users") { Content = new ByteArrayContent(new byte[5000]) };
        request.Headers.TransferEncodingChunked = !hasLength;

        using HttpResponseMessage answer = await _gateway.Http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal("body-too-large", await RunningGateway.ProblemOf(answer));
    }

    [Fact]
    public async Task Headers_too_large_are_431()
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/users") { Headers = { { "X-Large", new string('x', 5000) } } };

        using HttpResponseMessage answer = await _gateway.Http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, answer.StatusCode);
        Assert.Equal("headers-too-large", await RunningGateway.ProblemOf(answer));
    }

    [Fact]
    public async Task Headers_far_too_large_and_too_many_are_431_from_the_server_itself()
    {
        string large = await RawClient.AskAsync(_gateway.Url, $"GET /users HTTP/1.1\nHost: g\nX-Large: {new string('x', 9000)}\n\n", Cancellation);
        string lines = string.Concat(Enumerable.Repeat("a: b\n", 200));
        string many = await RawClient.AskAsync(_gateway.Url, $"GET /users HTTP/1.1\nHost: g\n{lines}\n", Cancellation);

        Assert.StartsWith("HTTP/1.1 431 ", large, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431 ", many, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_over_its_rate_is_429_with_retry_after_and_health_is_not_counted()
    {
        await using RunningGateway strict = await RunningGateway.StartAsync(_consul.Url, ("Gateway:Rate:PerSecond", "1"), ("Gateway:Rate:Burst", "3"));
        List<HttpResponseMessage> answers = [];
        for (int i = 0; i < 6; i++) answers.Add(await strict.Http.GetAsync("/users", Cancellation));

        HttpResponseMessage refused = answers.First(answer => !answer.IsSuccessStatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter?.Delta);
        Assert.Equal("too-many-requests", await RunningGateway.ProblemOf(refused));
        Assert.True(answers.Count(answer => answer.IsSuccessStatusCode) >= 3);
        for (int i = 0; i < 10; i++) Assert.True(await strict.IsReadyAsync());
    }

    [Fact]
    public void Faulty_options_are_refused_all_at_once()
    {
        Exception fault = Assert.Throws<OptionsValidationException>(() => GatewayBox.Build(Hosting.Settings.BoxSettings.From(
            ("Gateway:Port", "70000"), ("Gateway:Registry:Url", "ftp://x"), ("Gateway:Bind", "nowhere"),
            ("Gateway:Timeouts:PerTry", "00:00:40"), ("Gateway:Rate:Burst", "0"))));

        foreach (string key in new[] { "Gateway:Port", "Gateway:Registry:Url", "Gateway:Bind", "Gateway:Timeouts:PerTry", "Gateway:Rate:Burst" })
            Assert.Contains(key, fault.ToString(), StringComparison.Ordinal);
    }
}
