using System.Net;
using System.Text.Json;
using Quintet.ConfigServer.Tests.Server;
using Xunit;

namespace Quintet.ConfigServer.Tests.Environments;

/// <summary>The JSON in which sources stand apart, as clients of Spring Cloud Config read it.</summary>
public sealed class SourcesFormTests
{
    private static readonly (string, string?)[] Files =
    [
        ("application.yml", "shared: 1\nflag: yes\nlist:\n- a\n- b\n"),
        ("application-dev.yml", "shared: 2\n"),
        ("foo.yml", "own: text\n"),
        ("foo-dev.yml", "own: dev\n"),
    ];

    [Fact]
    public async Task The_strongest_source_comes_first_and_scalars_keep_their_types()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);

        JsonElement environment = await server.JsonAsync("/foo/dev");

        Assert.Equal("foo", environment.GetProperty("name").GetString());
        Assert.Equal(["dev"], environment.GetProperty("profiles").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal(JsonValueKind.Null, environment.GetProperty("label").ValueKind);
        Assert.Equal(server.Repository.Tip("main"), environment.GetProperty("version").GetString());
        Assert.Equal(["foo-dev.yml", "application-dev.yml", "foo.yml", "application.yml"], NamesOf(environment));
        JsonElement shared = environment.GetProperty("propertySources")[3].GetProperty("source");
        Assert.Equal("""{"shared":1,"flag":true,"list[0]":"a","list[1]":"b"}""", shared.GetRawText());
    }

    [Fact]
    public async Task An_unknown_application_gets_what_is_shared()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);

        Assert.Equal(["application.yml"], NamesOf(await server.JsonAsync("/nobody/default")));
    }

    [Fact]
    public async Task An_unknown_application_gets_no_source_when_nothing_is_shared()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a: 1")]);

        Assert.Empty(NamesOf(await server.JsonAsync("/nobody/default")));
    }

    [Fact]
    public async Task A_label_is_a_branch_a_tag_or_a_commit_and_is_echoed()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);
        string first = server.Repository.Tip("main");
        server.Repository.Tag("v1", first);
        server.Repository.Commit("feature/x", ("foo.yml", "own: branch\n"));

        JsonElement branch = await server.JsonAsync("/foo/default/feature(_)x");
        JsonElement encoded = await server.JsonAsync("/foo/default%2Ceu/feature%2Fx");
        JsonElement tag = await server.JsonAsync("/foo/default/v1");
        JsonElement commit = await server.JsonAsync($"/foo/default/{first}");
        JsonElement shortened = await server.JsonAsync($"/foo/default/{first[..10]}");

        Assert.Equal("feature/x", branch.GetProperty("label").GetString());
        Assert.Equal("branch", branch.GetProperty("propertySources")[0].GetProperty("source").GetProperty("own").GetString());
        Assert.Equal(["default", "eu"], encoded.GetProperty("profiles").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal("feature/x", encoded.GetProperty("label").GetString());
        Assert.All([tag, commit, shortened], read => Assert.Equal(first, read.GetProperty("version").GetString()));
    }

    [Theory]
    [InlineData("main~1")]
    [InlineData("HEAD")]
    [InlineData("refs(_)heads(_)main")]
    [InlineData("no-such-branch")]
    [InlineData("0123456789")]
    public async Task What_is_no_branch_tag_or_commit_is_not_found(string label)
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);

        HttpResponseMessage response = await server.GetAsync($"/foo/default/{label}");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        JsonElement error = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(404, error.GetProperty("status").GetInt32());
        Assert.Equal("Not Found", error.GetProperty("error").GetString());
    }

    [Fact]
    public async Task The_second_media_type_tells_where_each_value_stands()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "a:\n  b: 1\n  c: [x]\n")]);

        HttpResponseMessage response = await server.GetAsync("/foo/default", ("Accept", "application/vnd.spring-cloud.config-server.v2+json"));

        Assert.Equal("application/vnd.spring-cloud.config-server.v2+json", response.Content.Headers.ContentType!.MediaType);
        JsonElement body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        JsonElement source = body.GetProperty("propertySources")[0].GetProperty("source");
        Assert.Equal("""{"value":1,"origin":"file [foo.yml]:2:6"}""", source.GetProperty("a.b").GetRawText());
        Assert.Equal("""{"value":"x","origin":"file [foo.yml]:3:7"}""", source.GetProperty("a.c[0]").GetRawText());
    }

    [Fact]
    public async Task The_same_content_is_not_sent_twice()
    {
        await using RunningServer server = await RunningServer.StartAsync(Files);
        HttpResponseMessage first = await server.GetAsync("/foo/dev");
        string tag = first.Headers.ETag!.ToString();

        HttpResponseMessage second = await server.GetAsync("/foo/dev", ("If-None-Match", tag));
        string before = server.Repository.Tip("main");
        server.Repository.Commit("main", ("foo.yml", "own: other\n"));
        await server.ChangeOfAsync("foo/dev", before);
        HttpResponseMessage third = await server.GetAsync("/foo/dev", ("If-None-Match", tag));

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
    }

    [Fact]
    public async Task An_encrypted_value_is_never_echoed_while_there_is_no_key()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "password: '{cipher}0123abcd'\n")]);

        JsonElement environment = await server.JsonAsync("/foo/default");

        Assert.Equal("""{"invalid.password":"<n/a>"}""", environment.GetProperty("propertySources")[0].GetProperty("source").GetRawText());
    }

    [Fact]
    public async Task An_encrypted_value_goes_out_as_it_is_to_clients_that_decrypt()
    {
        await using RunningServer server = await RunningServer.StartAsync([("foo.yml", "password: '{cipher}0123abcd'\n")], ("DecryptValues", "false"));

        Assert.Equal("password: {cipher}0123abcd", await server.TextAsync("/foo-default.properties"));
    }

    private static IEnumerable<string> NamesOf(JsonElement environment) =>
        environment.GetProperty("propertySources").EnumerateArray().Select(source => source.GetProperty("name").GetString()!.Split('/')[^1]);
}
