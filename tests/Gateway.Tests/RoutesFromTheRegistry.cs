using System.Net;
using Quintet.Gateway.Tests.Doubles;
using Quintet.TestKit.Processes;

namespace Quintet.Gateway.Tests;

public sealed class RoutesFromTheRegistry : IAsyncLifetime
{
    private ConsulDouble _consul = null!;

    public async ValueTask InitializeAsync() => _consul = await ConsulDouble.StartAsync();

    public ValueTask DisposeAsync() => _consul.DisposeAsync();

    [Fact]
    public async Task A_registered_service_is_reached_under_its_own_path()
    {
        await using Backend users = await Backend.StartAsync(
            "users-1", context => context.Response.WriteAsync($"{context.Request.Path}{context.Request.QueryString}"));
        _consul.Register("users-1", "users", users.Url, "/users/{**rest}");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url, ("Gateway:Registry:Token", "read-only"));

        Assert.Equal("/users/7?full=yes", await gateway.GetAsync("/users/7?full=yes"));
        Assert.Equal("/users", await gateway.GetAsync("/users"));
        Assert.Equal("read-only", _consul.Token);
    }

    [Fact]
    public async Task A_service_that_comes_later_and_goes_is_followed()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        await gateway.StatusAsync("/users/1", 404);

        await using Backend users = await Backend.StartAsync("users-1");
        _consul.Register("users-1", "users", users.Url, "/users/{**rest}");
        await gateway.StatusAsync("/users/1", 200);

        _consul.Deregister("users-1");
        await gateway.StatusAsync("/users/1", 503);
    }

    [Fact]
    public async Task An_unknown_path_is_a_problem_of_the_gateway()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        using HttpResponseMessage answer = await gateway.Http.GetAsync("/nobody/here", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("unknown-route", await RunningGateway.ProblemOf(answer));
    }

    [Fact]
    public async Task A_known_service_without_a_passing_instance_is_503_with_retry_after()
    {
        await using Backend users = await Backend.StartAsync("users-1");
        _consul.Register("users-1", "users", users.Url, "/users/{**rest}");
        _consul.SetStatus("users-1", "critical");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        using HttpResponseMessage answer = await gateway.Http.GetAsync("/users/1", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter?.Delta);
        Assert.Equal("no-healthy-instance", await RunningGateway.ProblemOf(answer));
        _consul.SetStatus("users-1", "passing");
        await gateway.StatusAsync("/users/1", 200);
    }

    [Fact]
    public async Task Routes_of_a_service_that_is_gone_are_forgotten_after_a_while()
    {
        await using Backend users = await Backend.StartAsync("users-1");
        _consul.Register("users-1", "users", users.Url, "/users/{**rest}");
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            _consul.Url, ("Gateway:Discovery:RememberRoutes", "00:00:02"), ("Gateway:Discovery:Relearn", "00:00:00"));

        _consul.Deregister("users-1");

        await gateway.StatusAsync("/users/1", 503);
        await gateway.StatusAsync("/users/1", 404);
    }

    [Fact]
    public async Task Two_instances_share_the_requests()
    {
        await using Backend one = await Backend.StartAsync("one");
        await using Backend two = await Backend.StartAsync("two");
        _consul.Register("users-1", "users", one.Url, "/users/{**rest}");
        _consul.Register("users-2", "users", two.Url, "/users/{**rest}");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        for (int i = 0; i < 64; i++) await gateway.GetAsync("/users/1");

        // Chance leaves one of two out of 64 once in 2^63 runs.
        Assert.False(one.Arrived.IsEmpty);
        Assert.False(two.Arrived.IsEmpty);
    }

    [Theory]
    [InlineData("users/no-slash")]
    [InlineData("/users/{id:nonsense}")]
    [InlineData("/users/{id:length(99999999999999)}")]
    [InlineData("/users/{id:range(1)}")]
    [InlineData("/users/{id}/{id}")]
    [InlineData("/us\ners")]
    [InlineData("")]
    [InlineData("/users/{unclosed")]
    [InlineData("/users/{id:regex(^(a+)+$)}")]
    [InlineData("/health/ready")]
    [InlineData("/HEALTH/live")]
    public async Task A_bad_route_is_left_out_and_the_others_work(string bad)
    {
        await using Backend users = await Backend.StartAsync("users-1");
        await using Backend other = await Backend.StartAsync("other-1");
        _consul.Register("users-1", "users", users.Url, bad, "/users/{**rest}");
        _consul.Register("other-1", "other", other.Url, "/other");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        Assert.Equal("users-1", await gateway.GetAsync("/users/1"));
        Assert.Equal("other-1", await gateway.GetAsync("/other"));
        Assert.Contains("1 entries left out", await gateway.GetAsync("/health/ready"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instance_with_a_bad_address_is_left_out_alone()
    {
        await using Backend users = await Backend.StartAsync("users-1");
        _consul.Register("users-1", "users", users.Url, "/users/{**rest}");
        _consul.Register(new("users-2", "users", "not a host", 80, "passing", []));
        _consul.Register(new("users-3", "users", "127.0.0.1", 0, "passing", []));
        _consul.Register(new("", "users", "127.0.0.1", 80, "passing", new() { ["quintet-route-0"] = null! }));
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        for (int i = 0; i < 20; i++) Assert.Equal("users-1", await gateway.GetAsync("/users/1"));
        Assert.Contains("3 entries left out", await gateway.GetAsync("/health/ready"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_differ_only_in_capitals_do_not_stop_the_table()
    {
        await using Backend users = await Backend.StartAsync("users-1");
        await using Backend other = await Backend.StartAsync("other");
        _consul.Register("users-1", "users", users.Url, "/users/{**rest}", "/Users/{**other}");
        _consul.Register("USERS-1", "users", users.Url, "/users/{**rest}");
        _consul.Register("other-1", "USERS", other.Url, "/capitals");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        Assert.Equal("other", await gateway.GetAsync("/capitals")); // "USERS" comes first in ordinal order
        await gateway.StatusAsync("/users/1", 404);
        _consul.Deregister("other-1");
        await gateway.StatusAsync("/users/1", 200);
    }

    [Fact]
    public async Task Of_two_services_that_claim_the_same_requests_the_first_by_name_has_them()
    {
        await using Backend later = await Backend.StartAsync("zebra");
        await using Backend first = await Backend.StartAsync("apple");
        _consul.Register("z-1", "zebra", later.Url, "/items/{id}", "/zebra");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        Assert.Equal("zebra", await gateway.GetAsync("/items/1"));

        _consul.Register("a-1", "apple", first.Url, "/ITEMS/{name}", "/apple");
        await gateway.StatusAsync("/apple", 200);

        Assert.Equal("apple", await gateway.GetAsync("/items/1"));
        Assert.Equal("zebra", await gateway.GetAsync("/zebra"));
    }

    [Fact]
    public async Task Patterns_that_match_equally_well_never_fail_a_request()
    {
        await using Backend byNumber = await Backend.StartAsync("number");
        await using Backend byName = await Backend.StartAsync("name");
        _consul.Register("a-1", "a", byNumber.Url, "/things/{id:int}");
        _consul.Register("b-1", "b", byName.Url, "/things/{id:length(1,9)}", "/things/{**rest}");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);

        Assert.Equal("number", await gateway.GetAsync("/things/7"));
        Assert.Equal("name", await gateway.GetAsync("/things/seven"));
        Assert.Equal("name", await gateway.GetAsync("/things/7/parts"));
    }

    [Fact]
    public async Task A_policy_changes_live_and_a_broken_one_leaves_the_last()
    {
        await using Backend users = await Backend.StartAsync("users-1");
        _consul.Register("users-1", "users", users.Url, "/users/{**rest}");
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        using StringContent body = new(new string('x', 100));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync());

        _consul.PutKey("quintet/gateway/users", """{"bodyBytesMax":10}""");
        await Eventually.TrueAsync("413", async () => await StatusAsync() == HttpStatusCode.RequestEntityTooLarge, TestContext.Current.CancellationToken);
        _consul.PutKey("quintet/gateway/users", """{"bodyBytesMaxx":1000}""");
        await Eventually.TrueAsync(
            "left out", async () => (await gateway.GetAsync("/health/ready")).Contains("1 entries"), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await StatusAsync());

        async Task<HttpStatusCode> StatusAsync()
        {
            using HttpResponseMessage answer = await gateway.Http.PostAsync("/users", body, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
    }
}
