using System.Net;
using Quintet.ConfigServer.Tests.Server;
using Xunit;

namespace Quintet.ConfigServer.Tests.Environments;

/// <summary>The <c>.yml</c>, <c>.properties</c> and <c>.json</c> forms.</summary>
public sealed class MergedFormsTests
{
    private static readonly (string, string?)[] Files =
    [
        ("application.yml", "spring:\n  profiles: \ngreeting: Hello ${name:you}\nlist: [a, b, c]\nserver: {port: 1, on: true}\nlegacy: '007'\n"),
        ("foo-dev.yml", "name: Jo\nlist: [z]\nserver:\n  port: 2\n"),
    ];

    [Fact]
    public async Task Properties_are_lines_with_a_colon_and_a_list_is_replaced_as_a_whole()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);

        HttpResponseMessage response = await server.GetAsync("/foo-dev.properties");

        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(
            "greeting: Hello Jo\nlegacy: 007\nlist[0]: z\nname: Jo\nserver.port: 2\nserver[true]: true",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("yml")]
    [InlineData("yaml")]
    public async Task Yaml_is_written_in_block_style(string ending)
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);

        Assert.Equal(
            "greeting: Hello Jo\nlegacy: '007'\nlist:\n- z\nname: Jo\nserver:\n  '[true]': true\n  port: 2\n",
            await server.TextAsync($"/foo-dev.{ending}"));
    }

    [Fact]
    public async Task Json_is_nested_and_keeps_types()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);

        HttpResponseMessage response = await server.GetAsync("/main/foo-dev.json");

        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(
            """{"greeting":"Hello Jo","legacy":"007","list":["z"],"name":"Jo","server":{"[true]":true,"port":2}}""",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_last_hyphen_separates_the_profile()
    {
        await using RunningServer server = await RunningServer.StartAsync([("my-app-dev.yml", "a: 1"), ("my.yml", "b: 2")]);

        Assert.Equal("a: 1", await server.TextAsync("/my-app-dev.properties"));
        Assert.Equal("b: 2", await server.TextAsync("/my-app.properties"));
    }

    [Fact]
    public async Task A_label_with_a_slash_works_in_front_of_a_file_name()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);
        server.Repository.Commit("feature/x", ("foo.yml", "only: here"));

        Assert.Equal("only: here", await server.TextAsync("/feature(_)x/foo-default.properties"));
        Assert.Equal("only: here", await server.TextAsync("/feature%2Fx/foo-default.properties"));
    }

    [Fact]
    public async Task Placeholders_stay_when_the_client_asks_for_it()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: ${b}\nb: 1\nc: ${gone}\nd: \\${b}\ne: ${gone:${b}}")]);

        Assert.Equal("a: 1\nb: 1\nc: ${gone}\nd: ${b}\ne: 1", await server.TextAsync("/foo-default.properties"));
        Assert.StartsWith("a: ${b}\n", await server.TextAsync("/foo-default.properties?resolvePlaceholders=false"));
        Assert.Contains("\"a\":\"${b}\"", await server.TextAsync("/foo/default"), StringComparison.Ordinal);
        Assert.Contains("\"a\":\"1\"", await server.TextAsync("/foo/default?resolvePlaceholders=true"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_at_the_root_is_written_as_one()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "- a\n- b: 1\n")]);

        Assert.Equal("- a\n- b: 1\n", await server.TextAsync("/foo-default.yml"));
        Assert.Equal("document[0]: a\ndocument[1].b: 1", await server.TextAsync("/foo-default.properties"));
    }

    [Fact]
    public async Task Nothing_is_an_empty_map()
    {
        await using RunningServer server = await RunningServer.StartAsync([("other.yml", "a: 1")]);

        Assert.Equal("{}\n", await server.TextAsync("/foo-default.yml"));
        Assert.Equal("{}", await server.TextAsync("/foo-default.json"));
        Assert.Equal("", await server.TextAsync("/foo-default.properties"));
    }

    [Fact]
    public async Task A_value_cannot_add_a_line_of_its_own()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: \"x\\nb: injected\"")]);

        Assert.Equal("a: x\\nb: injected", await server.TextAsync("/foo-default.properties"));
    }

    [Fact]
    public async Task Placeholders_that_grow_without_end_are_an_error_and_not_an_outage()
    {
        string bomb = string.Join('\n', Enumerable.Range(1, 60).Select(i => $"k{i}: ${{k{i - 1}}}${{k{i - 1}}}").Prepend("k0: x"));
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", bomb), ("bar.yml", "a: 1")], ("Limits:ExpandedCharacters", "100000"));

        HttpResponseMessage response = await server.GetAsync("/foo-default.properties");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains("100000", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("a: 1", await server.TextAsync("/bar-default.properties"));
    }
}
