using System.Net;
using System.Text;
using Quintet.ConfigServer.Tests.Server;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.ConfigServer.Tests.Access;

/// <summary>A token opens its own applications and nothing else.</summary>
public sealed class TokenTests
{
    private const string Tokens = """
        { "ConfigServer": { "Tokens": [
          { "Name": "operator", "Secret": "o:p", "Applications": ["*"], "Write": true },
          { "Name": "users", "Secret": "u", "Applications": ["users"] },
          { "Name": "users-admin", "Secret": "ua", "Applications": ["users-admin"], "Write": true }
        ] } }
        """;

    [Theory]
    [InlineData("/users/default")]
    [InlineData("/users-default.yml")]
    [InlineData("/encrypt/status")]
    [InlineData("/_ext/v1/config/watch/users/default")]
    [InlineData("/_ext/v1/config/files/users.yml")]
    [InlineData("/nothing/at/all/here")]
    [InlineData("/..%2F/x")]
    public async Task Without_a_token_everything_is_refused_and_says_how_to_come_in(string path)
    {
        await using RunningServer server = await StartAsync();

        HttpResponseMessage none = await server.GetAsync(path);
        HttpResponseMessage wrong = await server.GetAsync(path, ("Authorization", "Bearer nonsense"));

        Assert.All([none, wrong], response => Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode));
        Assert.Equal("Basic", none.Headers.WwwAuthenticate.Single().Scheme);
        if (path.StartsWith("/_ext", StringComparison.Ordinal)) Assert.Equal("config-unauthorized", await RunningServer.ProblemOf(none));
    }

    [Theory]
    [InlineData("Bearer o:p", HttpStatusCode.OK)]
    [InlineData("bearer o:p", HttpStatusCode.OK)]
    [InlineData("Basic whoever:o:p", HttpStatusCode.OK)]
    [InlineData("Basic :o:p", HttpStatusCode.OK)]
    [InlineData("Basic o:p", HttpStatusCode.Unauthorized)]
    [InlineData("Basic !", HttpStatusCode.Unauthorized)]
    [InlineData("Digest o:p", HttpStatusCode.Unauthorized)]
    [InlineData("Bearer", HttpStatusCode.Unauthorized)]
    public async Task A_token_is_a_bearer_or_the_password_of_basic(string header, HttpStatusCode expected)
    {
        await using RunningServer server = await StartAsync();
        string[] parts = header.Split(' ', 2);
        if (parts is ["Basic", not "!"]) header = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(parts[1]));

        Assert.Equal(expected, (await server.GetAsync("/orders/default", ("Authorization", header))).StatusCode);
    }

    [Theory]
    [InlineData("/users/default", HttpStatusCode.OK)]
    [InlineData("/users/dev", HttpStatusCode.OK)]
    [InlineData("/users-dev.properties", HttpStatusCode.OK)]
    [InlineData("/_ext/v1/config/watch/users/default", HttpStatusCode.OK)]
    [InlineData("/_ext/v1/config/files/users.yml", HttpStatusCode.OK)]
    [InlineData("/_ext/v1/config/files/application.yml", HttpStatusCode.OK)]
    [InlineData("/orders/default", HttpStatusCode.Forbidden)]
    [InlineData("/users,orders/default", HttpStatusCode.Forbidden)]
    [InlineData("/application/default", HttpStatusCode.Forbidden)]
    [InlineData("/Users/default", HttpStatusCode.Forbidden)]
    [InlineData("/users/admin", HttpStatusCode.Forbidden)]
    [InlineData("/users/admin-dev", HttpStatusCode.Forbidden)]
    [InlineData("/users-admin.yml", HttpStatusCode.Forbidden)]
    [InlineData("/_ext/v1/config/watch/orders/default", HttpStatusCode.Forbidden)]
    [InlineData("/_ext/v1/config/watch/users/admin", HttpStatusCode.Forbidden)]
    [InlineData("/_ext/v1/config/files/users-admin.yml", HttpStatusCode.Forbidden)]
    [InlineData("/_ext/v1/config/files/orders.yml", HttpStatusCode.Forbidden)]
    [InlineData("/_ext/v1/config/files/deep/users.yml", HttpStatusCode.Forbidden)]
    public async Task A_token_reads_its_own_applications_only(string path, HttpStatusCode expected)
    {
        await using RunningServer server = await StartAsync();
        server.Present("u");

        HttpResponseMessage answer = await server.GetAsync(path);

        Assert.Equal(expected, answer.StatusCode);
        if (expected == HttpStatusCode.Forbidden && path.StartsWith("/_ext", StringComparison.Ordinal))
            Assert.Equal("config-forbidden", await RunningServer.ProblemOf(answer));
    }

    [Theory]
    [InlineData("u", "users.yml", HttpStatusCode.Forbidden)]
    [InlineData("ua", "users-admin.yml", HttpStatusCode.OK)]
    [InlineData("ua", "users-admin-dev.yml", HttpStatusCode.Created)]
    [InlineData("ua", "users.yml", HttpStatusCode.Forbidden)]
    [InlineData("ua", "application.yml", HttpStatusCode.Forbidden)]
    [InlineData("ua", "application-users-admin.yml", HttpStatusCode.Forbidden)]
    [InlineData("ua", "other.yml", HttpStatusCode.Forbidden)]
    [InlineData("o:p", "application.yml", HttpStatusCode.OK)]
    public async Task Writing_needs_the_right_and_the_file_to_be_ones_own(string token, string file, HttpStatusCode expected)
    {
        await using RunningServer server = await StartAsync();
        server.Present(token);

        HttpResponseMessage response = await server.SendAsync(
            HttpMethod.Put, "/_ext/v1/config/files/" + file, new StringContent("k: 2"),
            expected == HttpStatusCode.Created ? ("If-None-Match", "*") : ("If-Match", "*"));

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Whose_token_it_was_stands_in_the_commit_whatever_author_is_claimed()
    {
        await using RunningServer server = await StartAsync();
        server.Present("ua");

        await server.SendAsync(HttpMethod.Put, "/_ext/v1/config/files/users-admin.yml?author=operator", new StringContent("k: 2"), ("If-Match", "*"));

        Assert.Equal("users-admin <users-admin@quintet>", server.Repository.Last("main").Committer);
    }

    [Fact]
    public async Task New_tokens_are_taken_live_and_old_ones_dropped()
    {
        await using RunningServer server = await StartAsync();
        server.Present("new");

        File.WriteAllText(server.SettingsFile!, """{ "ConfigServer": { "Tokens": [ { "Name": "n", "Secret": "new", "Applications": ["*"] } ] } }""");
        await Eventually.TrueAsync(
            "the new tokens", async () => (await server.GetAsync("/users/default")).IsSuccessStatusCode, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.GetAsync("/users/default", ("Authorization", "Bearer u"))).StatusCode);
    }

    [Theory]
    [InlineData("{ \"ConfigServer\": { } }")]
    [InlineData("{ \"ConfigServer\": { \"Tokens\": [ { \"Name\": \"x\" } ] } }")]
    [InlineData(null)]
    public async Task A_settings_file_that_went_wrong_opens_nothing(string? content)
    {
        await using RunningServer server = await StartAsync();

        await server.ChangeSettingsAsync(() =>
        {
            if (content is null) File.Delete(server.SettingsFile!);
            else File.WriteAllText(server.SettingsFile!, content);
        });

        Assert.Equal(HttpStatusCode.Unauthorized, (await server.GetAsync("/users/default")).StatusCode);
        File.WriteAllText(server.SettingsFile!, Tokens.Replace("\"u\"", "\"u2\"", StringComparison.Ordinal));
        bool wasOpen = false;
        await Eventually.TrueAsync(
            "the new tokens",
            async () =>
            {
                wasOpen |= (await server.GetAsync("/users/default")).StatusCode != HttpStatusCode.Unauthorized;
                return (await server.GetAsync("/users/default", ("Authorization", "Bearer u2"))).IsSuccessStatusCode;
            },
            TestContext.Current.CancellationToken);
        Assert.False(wasOpen);
    }

    private static async Task<RunningServer> StartAsync()
    {
        TempFolder folder = new();
        string file = folder["settings.json"];
        await File.WriteAllTextAsync(file, Tokens, TestContext.Current.CancellationToken);
        return await RunningServer.StartAsync(
            [("application.yml", "k: 1"), ("users.yml", "k: 1"), ("users-dev.yml", "k: 1"), ("users-admin.yml", "k: 1"), ("orders.yml", "k: 1")],
            ("file", file));
    }
}
