using System.Text.Json;
using Quintet.ConfigServer.Tests.Server;
using Xunit;

namespace Quintet.ConfigServer.Tests.Environments;

/// <summary>Which files are read and in which order. Files hold one property <c>from</c> with their own name.</summary>
public sealed class PrecedenceTests
{
    [Theory]
    [InlineData("foo/dev", "foo-dev.yml application-dev.yml foo.yml application.yml")]
    [InlineData("foo/dev,eu", "foo-eu.yml application-eu.yml foo-dev.yml application-dev.yml foo.yml application.yml")]
    [InlineData("foo/eu,dev", "foo-dev.yml application-dev.yml foo-eu.yml application-eu.yml foo.yml application.yml")]
    [InlineData("foo/default", "foo-default.yml foo.yml application.yml")]
    [InlineData("bar,foo/default", "foo-default.yml foo.yml bar.yml application.yml")]
    [InlineData("foo,bar/default", "foo-default.yml bar.yml foo.yml application.yml")]
    [InlineData("application/dev", "application-dev.yml application.yml")]
    public async Task Files_stand_in_the_order_of_Spring_Boot(string environment, string expected)
    {
        await using RunningServer server = await RunningServer.StartAsync(
            NamedFiles("application.yml application-dev.yml application-eu.yml foo.yml foo-dev.yml foo-eu.yml foo-default.yml bar.yml"));

        Assert.Equal(expected, await OrderAsync(server, environment));
    }

    [Fact]
    public async Task Of_several_formats_in_one_folder_properties_come_first()
    {
        await using RunningServer server = await RunningServer.StartAsync(NamedFiles("foo.yml foo.yaml foo.json foo.properties"));

        Assert.Equal("foo.properties foo.yml foo.yaml foo.json", await OrderAsync(server, "foo/default"));
    }

    [Fact]
    public async Task A_later_folder_wins_over_an_earlier_one_but_a_profile_over_both()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            NamedFiles("application.yml foo.yml foo-dev.yml foo/application.yml foo/foo.yml other/foo.yml dev/foo.yml"),
            ("SearchPaths:0", ""), ("SearchPaths:1", "{application}"), ("SearchPaths:2", "{profile}"));

        Assert.Equal("foo-dev.yml dev/foo.yml foo/foo.yml foo/application.yml foo.yml application.yml", await OrderAsync(server, "foo/dev"));
    }

    [Fact]
    public async Task Files_outside_the_search_paths_are_none_of_our_business()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            [.. NamedFiles("foo.yml deep/foo.yml"), ("deep/broken.yml", "a: ["), (".ci.yml", "a: ["), ("README.md", "a: [")]);

        Assert.Equal("foo.yml", await OrderAsync(server, "foo/default"));
    }

    [Theory]
    [InlineData("default", "(document #0)")]
    [InlineData("dev", "(document #1) (document #0)")]
    [InlineData("prod", "(document #2) (document #0)")]
    [InlineData("dev,prod", "(document #2) (document #1) (document #0)")]
    public async Task A_later_document_wins_and_applies_only_in_its_profile(string profiles, string expected)
    {
        const string file = """
            from: base
            ---
            spring.config.activate.on-profile: dev & !test
            from: dev
            ---
            spring:
              profiles: [prod, eu]
            from: prod
            """;
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", file)]);

        JsonElement environment = await server.JsonAsync($"/foo/{profiles}");

        IEnumerable<string> names = environment.GetProperty("propertySources").EnumerateArray().Select(source => source.GetProperty("name").GetString()!);
        Assert.Equal(expected, string.Join(' ', names.Select(name => name[(name.IndexOf("foo.yml ", StringComparison.Ordinal) + 8)..])));
    }

    private static (string, string?)[] NamedFiles(string names) =>
        [.. names.Split(' ')
            .Select(name => (name, (string?)(name.EndsWith(".json", StringComparison.Ordinal) ? $$"""{"from":"{{name}}"}""" : $"from: {name}\n")))];

    private static async Task<string> OrderAsync(RunningServer server, string environment)
    {
        JsonElement read = await server.JsonAsync($"/{environment}");
        return string.Join(' ', read.GetProperty("propertySources").EnumerateArray()
            .Select(source => source.GetProperty("source").GetProperty("from").GetString()));
    }
}
