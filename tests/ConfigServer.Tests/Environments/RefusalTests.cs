using System.Net;
using System.Text.Json;
using Quintet.ConfigServer.Tests.Server;
using Xunit;

namespace Quintet.ConfigServer.Tests.Environments;

/// <summary>Paths that are not answered, each with the status that clients of the protocol expect.</summary>
public sealed class RefusalTests
{
    [Theory]
    [InlineData("/foo/..%2Fbar")]
    [InlineData("/foo/dev/..%2F..%2Fetc")]
    [InlineData("/foo/dev/a..b")]
    [InlineData("/..%252Fetc/dev")]
    [InlineData("/foo/dev/(_)etc")]
    [InlineData("/(_)foo/dev")]
    [InlineData("/%2Ffoo/dev")]
    [InlineData("/foo%23/dev")]
    [InlineData("/foo/dev/%23x")]
    [InlineData("/foo/dev%07")]
    [InlineData("/foo/dev/a%5Cb")]
    [InlineData("/foo/-dev")]
    [InlineData("/foo/dev-")]
    [InlineData("/foo/de%20v")]
    [InlineData("/foo/de*v")]
    [InlineData("/foo/,")]
    [InlineData("/foo-dev,eu-west.yml")]
    [InlineData("/health/dev")]
    [InlineData("/metrics/default")]
    [InlineData("/actuator/default")]
    [InlineData("/_ext/default")]
    [InlineData("/foo,health/default")]
    [InlineData("/health-default.yml")]
    public async Task Names_that_are_not_allowed_are_bad_requests(string path)
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);

        HttpResponseMessage response = await server.GetAsync(path);

        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{response.StatusCode} {body}");
        JsonElement error = JsonDocument.Parse(body).RootElement;
        if (path.StartsWith("/_ext", StringComparison.Ordinal)) Assert.Equal("urn:quintet:error:config-request", error.GetProperty("type").GetString());
        else Assert.Equal(["error", "message", "path", "status", "timestamp"], error.EnumerateObject().Select(member => member.Name).Order());
    }

    [Theory]
    [InlineData("/", HttpStatusCode.NotFound)]
    [InlineData("/foo", HttpStatusCode.NotFound)]
    [InlineData("/foo.yml", HttpStatusCode.NotFound)]
    [InlineData("/foo/bar.yml", HttpStatusCode.NotFound)]
    [InlineData("/foo/bar-dev.yml/main", HttpStatusCode.NotFound)]
    [InlineData("/foo/dev/main/some/file.txt", HttpStatusCode.NotImplemented)]
    [InlineData("/_ext/v1/config/watch/foo", HttpStatusCode.NotFound)]
    public async Task Paths_of_no_known_shape_are_not_answered(string path, HttpStatusCode expected)
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);

        Assert.Equal(expected, (await server.GetAsync(path)).StatusCode);
    }

    [Theory]
    [InlineData("GET", "/encrypt/status", "NO_KEY")]
    [InlineData("POST", "/encrypt", "NO_KEY")]
    [InlineData("POST", "/encrypt/foo/dev", "NO_KEY")]
    [InlineData("POST", "/decrypt", "NO_KEY")]
    [InlineData("GET", "/key", "NOT_FOUND")]
    [InlineData("GET", "/key/foo/dev", "NOT_FOUND")]
    public async Task Encryption_answers_as_a_server_without_a_key(string method, string path, string expected)
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);

        HttpResponseMessage response = await server.SendAsync(new HttpMethod(method), path, method == "POST" ? new StringContent("secret") : null);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        JsonElement body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(expected, body.GetProperty("status").GetString());
    }

    [Fact]
    public async Task The_webhook_says_that_it_is_not_there()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);

        Assert.Equal(HttpStatusCode.NotImplemented, (await server.SendAsync(HttpMethod.Post, "/monitor", new StringContent("{}"))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(HttpMethod.Post, "/vault/v1/auth/token/renew-self", null)).StatusCode);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/actuator/health")]
    public async Task Health_needs_no_token_and_is_no_application(string path)
    {
        await using RunningServer server = await RunningServer.StartAsync(
            [("health.yml", "a: 1")], ("Tokens:0:Name", "all"), ("Tokens:0:Secret", "s"), ("Tokens:0:Applications:0", "*"));

        JsonElement health = await server.JsonAsync(path);

        Assert.Contains(health.GetProperty("status").GetString(), new[] { "Healthy", "UP" });
    }
}
