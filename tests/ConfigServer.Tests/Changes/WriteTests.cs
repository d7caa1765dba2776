using System.Net;
using System.Text;
using System.Text.Json;
using Quintet.ConfigServer.Tests.Server;
using Xunit;

namespace Quintet.ConfigServer.Tests.Changes;

/// <summary>Files written through the server become commits.</summary>
public sealed class WriteTests
{
    private const string Files = "/_ext/v1/config/files/";

    [Fact]
    public async Task A_file_is_replaced_by_a_commit_and_served_at_once()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);
        string before = server.Repository.Tip("main");
        HttpResponseMessage read = await server.GetAsync(Files + "foo.yml");

        HttpResponseMessage written = await PutAsync(
            server, "foo.yml?author=Jo%20<jo@example.org>&message=Because", "a: 2", ("If-Match", read.Headers.ETag!.ToString()));

        Assert.Equal(HttpStatusCode.OK, written.StatusCode);
        Assert.Equal("a: 2", await server.TextAsync("/foo-default.properties"));
        var commit = server.Repository.Last("main");
        Assert.Equal(
            ("Jo <jo@example.org>", "anonymous <anonymous@quintet>", "Because\n", before),
            (commit.Author, commit.Committer, commit.Message, commit.Parent));
        JsonElement answer = JsonDocument.Parse(await written.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(server.Repository.Tip("main"), answer.GetProperty("version").GetString());
        Assert.Equal($"\"{answer.GetProperty("blob").GetString()}\"", written.Headers.ETag!.ToString());
        Assert.Equal(written.Headers.ETag, (await server.GetAsync(Files + "foo.yml")).Headers.ETag);
    }

    [Fact]
    public async Task A_new_file_is_created_in_a_branch_and_a_folder_too()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);
        server.Repository.Commit("feature/x", ("foo.yml", "a: 2"));

        HttpResponseMessage created = await PutAsync(server, "deep/er/notes.txt?label=feature/x", "text", ("If-None-Match", "*"));
        HttpResponseMessage again = await PutAsync(server, "deep/er/notes.txt?label=feature/x", "other", ("If-None-Match", "*"));

        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, again.StatusCode);
        Assert.Equal("text", await server.TextAsync(Files + "deep/er/notes.txt?label=feature/x"));
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync(Files + "deep/er/notes.txt")).StatusCode);
    }

    [Theory]
    [InlineData("foo.yml", "a: 1\nb: [", "foo.yml line")]
    [InlineData("foo.json", "{\n\"a\": }", "foo.json line 2")]
    [InlineData("foo.properties", "\n\na=\\u00zz", "foo.properties line 3")]
    [InlineData("foo.yml", "a: 1\nb: 2\na: 3", "foo.yml line 3")]
    public async Task What_cannot_be_read_is_refused_with_its_line_and_nothing_is_committed(string path, string content, string expected)
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1"), ("foo.json", "{}"), ("foo.properties", "")]);
        string before = server.Repository.Tip("main");

        HttpResponseMessage response = await PutAsync(server, path, content, ("If-Match", "*"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        JsonElement problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal("urn:quintet:error:config-file", problem.GetProperty("type").GetString());
        Assert.Contains(expected, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(before, server.Repository.Tip("main"));
    }

    [Fact]
    public async Task Of_many_conflicting_writes_one_wins()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 0")]);
        string tag = (await server.GetAsync(Files + "foo.yml")).Headers.ETag!.ToString();
        string before = server.Repository.Tip("main");

        HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(1, 8).Select(i => PutAsync(server, "foo.yml", $"a: {i}", ("If-Match", tag))));

        Assert.Single(responses, response => response.StatusCode == HttpStatusCode.OK);
        Assert.Equal(7, responses.Count(response => response.StatusCode == HttpStatusCode.PreconditionFailed));
        Assert.Equal(before, server.Repository.Last("main").Parent);
    }

    [Fact]
    public async Task Writes_to_different_files_and_pushes_from_outside_all_survive()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 0")]);

        Task<HttpResponseMessage>[] writes = [.. Enumerable.Range(0, 20).Select(i => PutAsync(server, $"w{i}.yml", $"a: {i}", ("If-None-Match", "*")))];
        HttpResponseMessage[] responses = await Task.WhenAll(writes);

        Assert.All(responses, response => Assert.Equal(HttpStatusCode.Created, response.StatusCode));
        for (int i = 0; i < 20; i++) Assert.Equal($"a: {i}", await server.TextAsync($"/w{i}-default.properties"));
    }

    [Fact]
    public async Task The_same_content_makes_no_commit()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);
        string before = server.Repository.Tip("main");

        HttpResponseMessage response = await PutAsync(server, "foo.yml", "a: 1", ("If-Match", "*"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(before, server.Repository.Tip("main"));
    }

    [Theory]
    [InlineData("foo.yml", HttpStatusCode.PreconditionRequired, "", "")]
    [InlineData("foo.yml", HttpStatusCode.PreconditionFailed, "If-Match", "\"0123456789012345678901234567890123456789\"")]
    [InlineData("new.yml", HttpStatusCode.PreconditionFailed, "If-Match", "*")]
    [InlineData("foo.yml?label=gone", HttpStatusCode.NotFound, "If-Match", "*")]
    [InlineData("foo.yml?label=v1", HttpStatusCode.NotFound, "If-Match", "*")]
    [InlineData("foo.yml/inner.yml", HttpStatusCode.Conflict, "If-None-Match", "*")]
    [InlineData("folder", HttpStatusCode.Conflict, "If-Match", "*")]
    [InlineData(".git/hooks/post-update", HttpStatusCode.BadRequest, "If-None-Match", "*")]
    [InlineData("a/.GIT/config", HttpStatusCode.BadRequest, "If-None-Match", "*")]
    [InlineData("a%2F..%2F..%2Fb", HttpStatusCode.BadRequest, "If-None-Match", "*")]
    [InlineData("a/./b", HttpStatusCode.BadRequest, "If-None-Match", "*")]
    [InlineData("c:evil", HttpStatusCode.BadRequest, "If-None-Match", "*")]
    [InlineData("", HttpStatusCode.BadRequest, "If-None-Match", "*")]
    [InlineData("foo.yml?author=a%0Acommitter%20x", HttpStatusCode.BadRequest, "If-Match", "*")]
    [InlineData("foo.yml?author=%3C%3E", HttpStatusCode.BadRequest, "If-Match", "*")]
    public async Task What_may_not_be_written_changes_nothing(string path, HttpStatusCode expected, string header, string value)
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1"), ("folder/x.txt", "x")]);
        string before = server.Repository.Tip("main");
        server.Repository.Tag("v1", before);

        HttpResponseMessage response = await PutAsync(server, path, "a: 2", header.Length == 0 ? [] : [(header, value)]);

        Assert.True(
            response.StatusCode == expected,
            $"{response.StatusCode} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        Assert.Equal(before, server.Repository.Tip("main"));
        string type = expected switch
        {
            HttpStatusCode.BadRequest => "config-request",
            HttpStatusCode.NotFound => "config-unknown",
            HttpStatusCode.Conflict => "config-conflict",
            _ => "config-precondition",
        };
        Assert.Equal(type, await RunningServer.ProblemOf(response));
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_refused()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")], ("Limits:FileBytes", "100"));

        HttpResponseMessage response = await PutAsync(server, "foo.yml", "a: " + new string('x', 200), ("If-Match", "*"));

        Assert.True(
            response.StatusCode == HttpStatusCode.RequestEntityTooLarge,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_broken_file_can_be_repaired_through_the_server()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);
        string broken = server.Repository.Commit("main", ("foo.yml", "a: ["));
        Assert.Equal("a: [", await server.TextAsync(Files + "foo.yml"));

        HttpResponseMessage response = await PutAsync(server, "foo.yml", "a: 2", ("If-Match", "*"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(broken, server.Repository.Last("main").Parent);
        Assert.Equal("a: 2", await server.TextAsync("/foo-default.properties"));
    }

    [Fact]
    public async Task A_branch_that_is_checked_out_is_not_moved_under_its_work_tree()
    {
        await using RunningServer server = await RunningServer.StartOwnAsync(folder =>
        {
            new ConfigRepository(folder["bare"]).Commit("main", ("foo.yml", "a: 1"));
            LibGit2Sharp.Repository.Clone(folder["bare"], folder["checked out"]);
            return [("Repository", folder["checked out"])];
        });

        HttpResponseMessage response = await PutAsync(server, "foo.yml", "a: 2", ("If-Match", "*"));

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Equal("a: 1", await server.TextAsync("/foo-default.properties"));
    }

    private static Task<HttpResponseMessage> PutAsync(RunningServer server, string path, string content, params (string, string)[] headers) =>
        server.SendAsync(HttpMethod.Put, Files + path, new StringContent(content, Encoding.UTF8), headers);
}
