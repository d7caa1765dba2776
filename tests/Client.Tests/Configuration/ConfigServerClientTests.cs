using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Quintet.Client.Configuration;
using Xunit;

namespace Quintet.Client.Tests.Configuration;

/// <summary>The client against a server that answers what it is told to, byte by byte.</summary>
public sealed class ConfigServerClientTests : IAsyncLifetime
{
    private const string Environment = """
        {"name":"notifications","profiles":["default"],"label":null,"version":"c0ffee","state":"5a","unknown":{"a":1},"propertySources":[
          {"name":"file:///r/notifications.yml","source":{"welcome.subject":"Hello","servers[0].host":"b","port":8080,"ready":true,"empty":"","cleared":""}},
          {"name":"file:///r/application.yml","source":{"Welcome.Subject":"shared","servers[0].host":"x","servers[1].host":"y","cleared[0]":"z",
          "only.here":null,"levels[a.b]":"Debug"}}]}
        """;

    private readonly WebApplication server;
    private readonly List<string> targets = [];
    private Func<HttpContext, Task> answer = _ => Task.CompletedTask;

    public ConfigServerClientTests()
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        server = builder.Build();
        server.Run(context =>
        {
            targets.Add(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
            return answer(context);
        });
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await server.StartAsync(Cancellation);

    public async ValueTask DisposeAsync()
    {
        await server.StopAsync(CancellationToken.None);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Sources_are_merged_with_the_strongest_first()
    {
        using HttpClient http = Http();
        answer = context => context.Response.WriteAsync(Environment, Cancellation);

        ServedConfiguration served = await new ConfigServerClient(http).GetAsync("notifications", "default", null, Cancellation);

        Assert.Equal(("c0ffee", "5a"), (served.Version, served.State));
        Assert.Equal(
            ["welcome:subject=Hello", "servers:0:host=b", "port=8080", "ready=true", "empty=", "cleared=", "only:here=", "levels:a.b=Debug"],
            served.Properties.Select(property => $"{property.Key}={property.Value}"));
        Assert.Equal("file:///r/application.yml", served.Properties[^1].Source);
        Assert.Equal(
            ["Welcome.Subject=shared", "servers[0].host=x", "servers[1].host=y", "cleared[0]=z"],
            served.Overridden.Select(property => $"{property.Name}={property.Value}"));
    }

    [Theory]
    [InlineData("/", "users", "default", null, "/users/default?resolvePlaceholders=true")]
    [InlineData("/config", "users", "dev,eu", "feature/x", "/config/users/dev%2Ceu/feature%28_%29x?resolvePlaceholders=true")]
    [InlineData("/config/", "a b", "default", "", "/config/a%20b/default?resolvePlaceholders=true")]
    public async Task Names_are_written_so_that_nothing_is_lost_on_the_way(string path, string application, string profiles, string? label, string expected)
    {
        using HttpClient http = Http(path);
        answer = context => context.Response.WriteAsync("""{"propertySources":[]}""", Cancellation);

        ServedConfiguration served = await new ConfigServerClient(http).GetAsync(application, profiles, label, Cancellation);

        Assert.Equal([expected], targets);
        Assert.Empty(served.Properties);
        Assert.Null(served.Version);
    }

    [Fact]
    public async Task A_watch_gives_what_changed_or_null()
    {
        using HttpClient http = Http();
        ConfigServerClient client = new(http);
        answer = context => context.Response.WriteAsync("""{"version":"beef","state":"6b","changed":["welcome.subject"]}""", Cancellation);
        ConfigurationChange? change = await client.WatchAsync("notifications", "default", "main", "c0ffee", TimeSpan.FromSeconds(30), Cancellation);
        answer = context =>
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        };
        ConfigurationChange? none = await client.WatchAsync("notifications", "default", null, null, TimeSpan.Zero, Cancellation);

        Assert.Equal("beef", change!.Version);
        Assert.Equal(["welcome.subject"], change.Changed);
        Assert.Null(none);
        Assert.Equal(
            ["/_ext/v1/config/watch/notifications/default/main?wait=30000ms&version=c0ffee",
            "/_ext/v1/config/watch/notifications/default?wait=0ms"],
            targets);
    }

    [Theory]
    [InlineData(404, """{"status":404,"error":"Not Found","message":"No such label: x"}""", "No such label: x")]
    [InlineData(503, """{"title":"Service Unavailable","detail":"too many watches"}""", "too many watches")]
    [InlineData(502, "<html>", "Bad Gateway")]
    public async Task An_error_says_what_the_server_said(int status, string body, string expected)
    {
        using HttpClient http = Http();
        answer = context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(body, Cancellation);
        };

        var refused = await Assert.ThrowsAsync<ConfigServerException>(() => new ConfigServerClient(http).GetAsync("a", "b", null, Cancellation));

        Assert.Equal((HttpStatusCode)status, refused.Status);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"propertySources":1}""")]
    [InlineData("""{"propertySources":[{}]}""")]
    [InlineData("""{"propertySources":[{"source":1}]}""")]
    public async Task What_is_not_the_protocol_is_an_error_and_not_an_empty_configuration(string body)
    {
        using HttpClient http = Http();
        answer = context => context.Response.WriteAsync(body, Cancellation);

        var refused = await Assert.ThrowsAsync<ConfigServerException>(() => new ConfigServerClient(http).GetAsync("a", "b", null, Cancellation));

        Assert.Null(refused.Status);
    }

    private HttpClient Http(string path = "/")
    {
        string address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(address + path) };
    }
}
