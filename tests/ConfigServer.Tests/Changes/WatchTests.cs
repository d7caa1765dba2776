using System.Net;
using System.Text.Json;
using Quintet.ConfigServer.Tests.Server;
using Xunit;

namespace Quintet.ConfigServer.Tests.Changes;

/// <summary>The answer that is held back until something changes.</summary>
public sealed class WatchTests
{
    private static readonly (string, string?)[] Files = [("application.yml", "shared: 1"), ("foo.yml", "a: 1\ngone: x"), ("bar.yml", "b: 1")];

    [Fact]
    public async Task A_commit_from_outside_ends_the_wait_and_names_what_changed()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files, ("PollInterval", "01:00:00")); // the file system alone must do it
        string before = server.Repository.Tip("main");

        Task<JsonElement> watch = server.ChangeOfAsync("foo/default", before);
        string after = server.Repository.Commit("main", ("foo.yml", "a: 2\nnew: y"));
        JsonElement change = await watch;

        Assert.Equal(after, change.GetProperty("version").GetString());
        Assert.Equal(["a", "gone", "new"], change.GetProperty("changed").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(change.GetProperty("state").GetString(), (await server.JsonAsync("/foo/default")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Looking_now_and_then_finds_what_the_file_system_does_not_report()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files, ("PollInterval", "00:00:00.050"));
        string before = server.Repository.Tip("main");
        server.Repository.Commit("main", ("foo.yml", "a: 2"));

        JsonElement change = await server.ChangeOfAsync("foo/default", before);

        Assert.Equal(server.Repository.Tip("main"), change.GetProperty("version").GetString());
    }

    [Fact]
    public async Task A_commit_for_another_application_ends_nothing()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);
        string before = server.Repository.Tip("main");

        Task<HttpResponseMessage> foo = server.GetAsync($"/_ext/v1/config/watch/foo/default?version={before}&wait=60s");
        Task<JsonElement> bar = server.ChangeOfAsync("bar/default", before);
        string other = server.Repository.Commit("main", ("bar.yml", "b: 2"));
        await bar;
        bool fooStillWaits = !foo.IsCompleted;
        string own = server.Repository.Commit("main", ("foo.yml", "a: 2"));
        JsonElement change = JsonDocument.Parse(await (await foo).Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;

        Assert.True(fooStillWaits);
        Assert.NotEqual(other, own);
        Assert.Equal(own, change.GetProperty("version").GetString());
    }

    [Fact]
    public async Task A_shared_file_ends_the_wait_of_every_application()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);
        string before = server.Repository.Tip("main");

        Task<JsonElement>[] watches = [server.ChangeOfAsync("foo/default", before), server.ChangeOfAsync("bar/dev", before)];
        server.Repository.Commit("main", ("application.yml", "shared: 2"));

        foreach (JsonElement change in await Task.WhenAll(watches))
            Assert.Equal("shared", Assert.Single(change.GetProperty("changed").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task Nothing_new_is_304_when_time_is_up()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);
        JsonElement now = await server.JsonAsync("/foo/default");

        foreach (string known in new[] { "version", "state" })
        {
            HttpResponseMessage response = await server.GetAsync(
                $"/_ext/v1/config/watch/foo/default/main?version={now.GetProperty(known).GetString()}&wait=10ms");
            Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("?version=0000000000000000000000000000000000000000")]
    [InlineData("?version=something-else")]
    public async Task A_client_that_knows_nothing_is_answered_at_once_with_everything(string query)
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);

        JsonElement change = await server.JsonAsync($"/_ext/v1/config/watch/foo/default{query}");

        Assert.Equal(["a", "gone", "shared"], change.GetProperty("changed").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public async Task A_client_that_was_away_for_some_commits_hears_of_all_of_them()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);
        string before = server.Repository.Tip("main");
        for (int i = 2; i < 12; i++) server.Repository.Commit("main", ("foo.yml", $"a: 1\ngone: x\nk{i}: 1"));
        await server.RestartAsync();

        JsonElement change = await server.ChangeOfAsync("foo/default", before);

        Assert.Equal(["k11"], change.GetProperty("changed").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public async Task More_watches_than_allowed_are_refused_and_reads_go_on()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files, ("Limits:Watchers", "1"));
        string before = server.Repository.Tip("main");
        string waiting = $"/_ext/v1/config/watch/foo/default?version={before}&wait=60s";

        // Which of the two comes first is not ours to know; one of them is refused.
        Task<HttpResponseMessage>[] watches = [server.GetAsync(waiting), server.GetAsync(waiting)];
        HttpResponseMessage refused = await await Task.WhenAny(watches);
        server.Repository.Commit("main", ("foo.yml", "a: 2"));
        HttpResponseMessage[] all = await Task.WhenAll(watches);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal("config-busy", await RunningServer.ProblemOf(refused));
        Assert.Single(all, response => response.StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Waiting_watches_do_not_hold_a_server_that_stops()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);
        string state = (await server.JsonAsync("/foo/default")).GetProperty("state").GetString()!;
        Task<HttpResponseMessage> watch = server.GetAsync($"/_ext/v1/config/watch/foo/default?version={state}&wait=10m");
        await server.JsonAsync("/foo/default"); // the watch may or may not have arrived; either way the stop must not wait for it

        await server.StopServerAsync();

        await Task.WhenAny(watch);
        Assert.True(watch.IsCompleted);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-1s")]
    [InlineData("1e3")]
    public async Task A_wait_that_is_no_duration_is_a_bad_request(string wait)
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);

        Assert.Equal(HttpStatusCode.BadRequest, (await server.GetAsync($"/_ext/v1/config/watch/foo/default?wait={wait}")).StatusCode);
    }
}
