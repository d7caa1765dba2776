using System.Net;
using System.Text.Json;
using Quintet.ConfigServer.Tests.Server;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.ConfigServer.Tests.Sources;

/// <summary>A commit that cannot be read takes nothing away.</summary>
public sealed class LastGoodTests
{
    [Fact]
    public async Task A_broken_commit_keeps_the_last_good_one_and_health_says_where()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1"), ("bar.yml", "b: 1")]);
        string good = server.Repository.Tip("main");

        string broken = server.Repository.Commit("main", ("foo.yml", "a: 2\nb: [1\nc: 3\n"), ("bar.yml", "b: 2"));
        JsonElement health = await DegradedAsync(server);
        JsonElement foo = await server.JsonAsync("/foo/default");
        JsonElement bar = await server.JsonAsync("/bar/default");

        Assert.Equal(good, foo.GetProperty("version").GetString());
        Assert.Equal(1, bar.GetProperty("propertySources")[0].GetProperty("source").GetProperty("b").GetInt32()); // a commit is taken whole or not at all
        string description = health.GetProperty("checks").GetProperty("repository").GetProperty("description").GetString()!;
        Assert.Contains("foo.yml line 2", description, StringComparison.Ordinal);
        Assert.Contains(broken[..7], description, StringComparison.Ordinal);
        Assert.Contains(" since 20", description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_heals_with_the_next_good_commit()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);
        string good = server.Repository.Tip("main");
        server.Repository.Commit("main", ("foo.yml", "a: ["));
        await DegradedAsync(server);

        server.Repository.Commit("main", ("foo.yml", "a: 3"));
        JsonElement change = await server.ChangeOfAsync("foo/default", good);

        Assert.Equal(server.Repository.Tip("main"), change.GetProperty("version").GetString());
        Assert.Equal("Healthy", (await server.JsonAsync("/health/ready")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task After_a_restart_the_history_is_searched_for_the_last_good_one()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);
        string good = server.Repository.Tip("main");
        server.Repository.Commit("main", ("foo.yml", "a: ["));
        server.Repository.Commit("main", ("foo.json", "{"));

        await server.RestartAsync();

        Assert.Equal(good, (await server.JsonAsync("/foo/default")).GetProperty("version").GetString());
        Assert.Equal("Degraded", (await server.JsonAsync("/health/ready")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_label_that_never_was_good_is_a_server_error_that_names_the_file()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1\na: 2\n")]);

        HttpResponseMessage response = await server.GetAsync("/foo/default");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains("foo.yml line 2", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("config-unserved", await RunningServer.ProblemOf(await server.GetAsync("/_ext/v1/config/watch/foo/default")));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/health/live")).StatusCode);
    }

    [Fact]
    public async Task A_commit_asked_for_by_name_has_no_other_to_fall_back_to()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);
        string broken = server.Repository.Commit("main", ("foo.yml", "a: ["));

        Assert.Equal(HttpStatusCode.InternalServerError, (await server.GetAsync($"/foo/default/{broken}")).StatusCode);
    }

    [Fact]
    public async Task A_repository_that_vanishes_is_served_from_memory()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);
        JsonElement before = await server.JsonAsync("/foo/default");

        Directory.Move(server.Repository.Path, server.Folder["elsewhere"]);
        await DegradedAsync(server);
        JsonElement during = await server.JsonAsync("/foo/default");
        Directory.Move(server.Folder["elsewhere"], server.Repository.Path);
        server.Repository.Commit("main", ("foo.yml", "a: 2"));
        JsonElement change = await server.ChangeOfAsync("foo/default", before.GetProperty("version").GetString()!);

        Assert.Equal(before.GetRawText(), during.GetRawText());
        Assert.Equal(server.Repository.Tip("main"), change.GetProperty("version").GetString());
    }

    [Fact]
    public async Task A_deleted_branch_is_gone_and_its_watchers_hear_of_it()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);
        string commit = server.Repository.Commit("side", ("foo.yml", "a: 2"));
        await server.JsonAsync("/foo/default/side");

        Task<HttpResponseMessage> watch = server.GetAsync($"/_ext/v1/config/watch/foo/default/side?version={commit}&wait=60s");
        File.Delete(Path.Combine(server.Repository.Path, "refs", "heads", "side"));

        Assert.Equal(HttpStatusCode.NotFound, (await watch).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync("/foo/default/side")).StatusCode);
    }

    [Fact]
    public async Task A_second_server_on_the_same_folder_is_refused()
    {
        await using RunningServer server = await RunningServer.StartOwnAsync(_ => []);

        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => RunningServer.StartOwnAsync(_ => [("DataFolder", server.DataFolder)]));

        Assert.Contains(server.DataFolder, refused.Message, StringComparison.Ordinal);
    }

    // The state is reached when the loop has looked; its own poll is the longest that takes.
    private static async Task<JsonElement> DegradedAsync(RunningServer server)
    {
        JsonElement health = default;
        await Eventually.TrueAsync(
            "degraded",
            async () =>
            {
                health = await server.JsonAsync("/health/ready");
                return health.GetProperty("status").GetString() == "Degraded";
            },
            TestContext.Current.CancellationToken,
            () => $"{health}");
        return health;
    }
}
