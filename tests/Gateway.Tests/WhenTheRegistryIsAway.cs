using System.Net;
using Quintet.Gateway.Tests.Doubles;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;

namespace Quintet.Gateway.Tests;

public sealed class WhenTheRegistryIsAway : IAsyncLifetime
{
    private ConsulDouble _consul = null!;
    private Backend _users = null!;

    public async ValueTask InitializeAsync()
    {
        _consul = await ConsulDouble.StartAsync();
        _users = await Backend.StartAsync("users-1");
        _consul.Register("users-1", "users", _users.Url, "/users/{**rest}");
    }

    public async ValueTask DisposeAsync()
    {
        await _users.DisposeAsync();
        await _consul.DisposeAsync();
    }

    [Fact]
    public async Task The_table_stays_in_use()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        await _consul.DieAsync();
        await AwayAsync(gateway);

        Assert.Equal("users-1", await gateway.GetAsync("/users/1"));
        Assert.True(await gateway.IsReadyAsync());

        await _consul.ComeBackAsync();
        await using Backend other = await Backend.StartAsync("other");
        _consul.Register("other-1", "other", other.Url, "/other");
        await gateway.StatusAsync("/other", 200);
    }

    [Fact]
    public async Task A_registry_that_comes_back_empty_does_not_wipe_the_table_at_once()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        await _consul.DieAsync();
        await AwayAsync(gateway);
        _consul.Forget();
        await _consul.ComeBackAsync();
        await Eventually.TrueAsync(
            "connected", async () => (await gateway.GetAsync("/health/ready")).Contains("connected"), TestContext.Current.CancellationToken);
        await using Backend other = await Backend.StartAsync("other");
        _consul.Register("other-1", "other", other.Url, "/other");
        await gateway.StatusAsync("/other", 200); // a table made of what the empty registry says now

        Assert.Equal("users-1", await gateway.GetAsync("/users/1"));

        _consul.Register("users-1", "users", _users.Url, "/users/{**rest}");
        await using Backend second = await Backend.StartAsync("users-2");
        _consul.Register("users-2", "users", second.Url, "/users/{**rest}", "/second");
        await gateway.StatusAsync("/second", 200);
        _consul.Deregister("users-1");
        _consul.Deregister("users-2");
        await gateway.StatusAsync("/users/1", 503); // seen again, and then gone: now it is believed
    }

    [Fact]
    public async Task An_old_address_that_another_instance_has_now_is_not_used_for_the_old_one()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url);
        await _consul.DieAsync();
        await AwayAsync(gateway);
        _consul.Forget();
        _consul.Register("mails-1", "mails", _users.Url, "/mails");
        await _consul.ComeBackAsync();

        await gateway.StatusAsync("/mails", 200);
        await gateway.StatusAsync("/users/1", 503);
    }

    [Fact]
    public async Task What_an_empty_registry_never_learns_again_is_given_up_in_the_end()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url, ("Gateway:Discovery:Relearn", "00:00:02"));
        await _consul.DieAsync();
        await AwayAsync(gateway);
        _consul.Forget();
        await _consul.ComeBackAsync();

        Assert.Equal("users-1", await gateway.GetAsync("/users/1"));
        await gateway.StatusAsync("/users/1", 503);
    }

    [Fact]
    public async Task A_gateway_that_starts_without_it_uses_the_table_of_its_last_run()
    {
        using TempFolder folder = new();
        await using (RunningGateway first = await RunningGateway.StartAsync(_consul.Url, ("Gateway:DataFolder", folder.Path)))
            Assert.Equal("users-1", await first.GetAsync("/users/1"));
        await _consul.DieAsync();

        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url, ("Gateway:DataFolder", folder.Path));

        Assert.Equal("users-1", await gateway.GetAsync("/users/1"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"services\":[{\"name\":\"users\",\"paths\":null}]}")]
    [InlineData(
        "{\"services\":[{\"name\":\"users\",\"paths\":[\"/users/{\",\"/health/live\"],"
        + "\"instances\":[{\"id\":\"1\",\"url\":\"file:///etc/passwd\"}]}]}")]
    public async Task A_table_that_somebody_damaged_is_left_aside(string content)
    {
        using TempFolder folder = new();
        await File.WriteAllTextAsync(folder["routes.json"], content, TestContext.Current.CancellationToken);

        await using RunningGateway gateway = await RunningGateway.StartAsync(_consul.Url, ("Gateway:DataFolder", folder.Path));

        await gateway.StatusAsync("/users/1", 200);
        Assert.Contains("Healthy", await gateway.GetAsync("/health/live"));
    }

    [Fact]
    public async Task Without_any_table_the_gateway_is_unready_and_says_503()
    {
        await _consul.DieAsync();
        await using RunningGateway gateway = await RunningGateway.StartUnreadyAsync(_consul.Url);

        Assert.False(await gateway.IsReadyAsync());
        using HttpResponseMessage answer = await gateway.Http.GetAsync("/users/1", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("routes-unknown", await RunningGateway.ProblemOf(answer));

        await _consul.ComeBackAsync();
        await gateway.StatusAsync("/users/1", 200);
        Assert.True(await gateway.IsReadyAsync());
    }

    private static Task AwayAsync(RunningGateway gateway) => Eventually.TrueAsync(
        "registry away", async () => (await gateway.GetAsync("/health/ready")).Contains("away"), TestContext.Current.CancellationToken);
}
