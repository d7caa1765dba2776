using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Quintet.Chassis.Tests.Doubles;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Chassis.Tests.Discovery;

/// <summary>Calls of another service by its name.</summary>
public sealed class CallTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly List<WebApplication> _siblings = [];
    private RegistryDouble _registry = null!;
    private OrdersService _service = null!;
    private HttpClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _registry = await RegistryDouble.StartAsync();
        _service = await OrdersService.StartAsync(_folder, null, $"CONSUL_HTTP_ADDR={_registry.Url}");
        _client = _service.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        foreach (WebApplication sibling in _siblings) await sibling.DisposeAsync();
        await _service.DisposeAsync();
        await _registry.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_name_finds_every_instance_in_turn()
    {
        _registry.Register("users-1", "users", await SiblingAsync("one"));
        _registry.Register("users-2", "users", await SiblingAsync("two"));

        HashSet<string> answers = [];
        await Eventually.TrueAsync(
            "both instances answer",
            async () =>
            {
                answers.Add(await _client.GetStringAsync(new Uri("http://users/"), Cancellation));
                return answers.Count == 2;
            },
            Cancellation);
    }

    [Fact]
    public async Task A_name_without_an_instance_is_told_in_words()
    {
        var fault = await Assert.ThrowsAsync<HttpRequestException>(() => _client.PostAsync(new Uri("http://nobody/"), null, Cancellation));

        Assert.Equal("no instance of 'nobody' passes its health check in the registry", fault.Message);
    }

    [Fact]
    public async Task The_last_known_instances_serve_while_the_registry_is_away()
    {
        _registry.Register("users-1", "users", await SiblingAsync("one"));
        Assert.Equal("one", await _client.GetStringAsync(new Uri("http://users/"), Cancellation));

        await _registry.CloseAsync();

        for (int i = 0; i < 5; i++) Assert.Equal("one", await _client.GetStringAsync(new Uri("http://users/"), Cancellation));
    }

    [Fact]
    public async Task A_read_that_one_instance_fails_is_answered_by_the_other()
    {
        _registry.Register("users-1", "users", await SiblingAsync("one", _ => HttpStatusCode.ServiceUnavailable));
        _registry.Register("users-2", "users", await SiblingAsync("two"));

        for (int i = 0; i < 4; i++) Assert.Equal("two", await _client.GetStringAsync(new Uri("http://users/"), Cancellation));
    }

    [Fact]
    public async Task A_write_is_never_repeated()
    {
        int calls = 0;
        _registry.Register("users-1", "users", await SiblingAsync("one", _ =>
        {
            Interlocked.Increment(ref calls);
            return HttpStatusCode.ServiceUnavailable;
        }));

        HttpResponseMessage answer = await _client.PostAsync(new Uri("http://users/"), null, Cancellation);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(1, calls);
    }

    private async Task<int> SiblingAsync(string text, Func<HttpContext, HttpStatusCode>? status = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication sibling = builder.Build();
        sibling.Urls.Add("http://127.0.0.1:0");
        sibling.MapFallback(async context =>
        {
            context.Response.StatusCode = (int)(status?.Invoke(context) ?? HttpStatusCode.OK);
            await context.Response.WriteAsync(text);
        });
        await sibling.StartAsync();
        _siblings.Add(sibling);
        return new Uri(sibling.Urls.First()).Port;
    }
}
