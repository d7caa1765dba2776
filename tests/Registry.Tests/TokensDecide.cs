using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Quintet.Registry.Access;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;

namespace Quintet.Registry.Tests;

public sealed class TokensDecide
{
    private static readonly (string, string?)[] Settings =
    [
        ("Registry:Anonymous", "Deny"),
        ("Registry:Tokens:0:Name", "operator"), ("Registry:Tokens:0:Secret", "boss"), ("Registry:Tokens:0:Management", "true"),
        ("Registry:Tokens:1:Name", "users"), ("Registry:Tokens:1:Secret", "users-secret"),
        ("Registry:Tokens:1:Services:0", "users"), ("Registry:Tokens:1:KeyPrefixes:0", "users/"),
        ("Registry:Tokens:2:Name", "gateway"), ("Registry:Tokens:2:Secret", "reader"),
    ];

    [Theory]
    [InlineData("GET", "/v1/catalog/services", null, 403)]
    [InlineData("GET", "/v1/catalog/services", "wrong", 403)]
    [InlineData("GET", "/v1/catalog/services", "reader", 200)]
    [InlineData("GET", "/v1/status/leader", null, 403)]
    [InlineData("PUT", "/v1/kv/users/a", "users-secret", 200)]
    [InlineData("PUT", "/v1/kv/other", "users-secret", 403)]
    [InlineData("PUT", "/v1/kv/users/a", "reader", 403)]
    [InlineData("DELETE", "/v1/kv/?recurse", "users-secret", 403)]
    [InlineData("DELETE", "/v1/kv/users/?recurse", "users-secret", 200)]
    [InlineData("PUT", "/v1/agent/service/deregister/mail-1", "users-secret", 403)]
    [InlineData("PUT", "/v1/agent/check/fail/service:mail-1", "users-secret", 403)]
    [InlineData("PUT", "/v1/agent/check/fail/service:mail-1", "reader", 403)]
    [InlineData("PUT", "/v1/agent/check/deregister/service:mail-1", "users-secret", 403)]
    [InlineData("PUT", "/v1/agent/service/maintenance/mail-1?enable=true", "users-secret", 403)]
    [InlineData("PUT", "/v1/agent/maintenance?enable=true", "users-secret", 403)]
    [InlineData("PUT", "/v1/session/create", "reader", 403)]
    [InlineData("PUT", "/v1/catalog/deregister", "users-secret", 403)]
    [InlineData("GET", "/v1/acl/tokens", "users-secret", 403)]
    [InlineData("PUT", "/v1/agent/service/deregister/mail-1", "boss", 200)]
    [InlineData("GET", "/health/live", null, 200)]
    [InlineData("GET", "/health/ready", null, 200)]
    public async Task Each_credential_opens_its_own_and_no_more(string method, string path, string? token, int status)
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync(Settings);
        await registry.PutAsync("/v1/agent/service/register", """{"ID":"mail-1","Name":"mail","Check":{"TTL":"60s"}}""", "boss");

        Reply reply = await registry.SendAsync(new HttpMethod(method), path, method == "PUT" ? "{}" : null, token);
        Assert.Equal(status, (int)reply.Status);
        if (status == 403) Assert.Equal("Permission denied", reply.Text);
    }

    [Theory]
    [InlineData("""{"ID":"mail-1","Name":"users"}""", 403)]
    [InlineData("""{"ID":"users-1","Name":"users","Check":{"CheckID":"service:mail-1","TTL":"1s"}}""", 403)]
    [InlineData("""{"ID":"users-1","Name":"users","Check":{"CheckID":"serfHealth","TTL":"1s"}}""", 403)]
    [InlineData("""{"ID":"users-1","Name":"mail"}""", 403)]
    [InlineData("""{"ID":"users-1","Name":"users","Check":{"TTL":"9s"}}""", 200)]
    public async Task A_registration_cannot_take_over_what_is_anothers(string body, int status)
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync(Settings);
        await registry.PutAsync("/v1/agent/service/register", """{"ID":"mail-1","Name":"mail","Check":{"TTL":"60s"}}""", "boss");

        Assert.Equal(status, (int)(await registry.PutAsync("/v1/agent/service/register", body, "users-secret")).Status);
    }

    [Fact]
    public async Task A_token_may_come_in_a_header_as_bearer_or_as_a_parameter()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync(Settings);
        using HttpRequestMessage bearer = new(HttpMethod.Get, "/v1/agent/self")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "reader") },
        };
        using HttpResponseMessage reply = await registry.Client.SendAsync(bearer, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await registry.GetAsync("/v1/agent/self?token=reader")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await registry.GetAsync("/v1/agent/self?token=other", "reader")).Status);
    }

    [Fact]
    public async Task Without_settings_a_registry_is_open_but_a_wrong_token_is_refused()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await registry.PutAsync("/v1/kv/a", "1")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await registry.GetAsync("/v1/kv/a", "anything")).Status);
    }

    [Fact]
    public async Task A_changed_settings_file_is_taken_over_and_a_broken_or_empty_one_is_not()
    {
        using TempFolder folder = new();
        string file = folder["registry.json"];
        await WriteAsync(file, "first");
        await using RunningRegistry registry = await RunningRegistry.StartAsync(("File", file));
        Assert.Equal(HttpStatusCode.OK, (await registry.GetAsync("/v1/kv/?keys", "first")).Status);

        await WriteAsync(file, "second");
        await Eventually.TrueAsync(
            "the new token is known", async () => (await registry.GetAsync("/v1/kv/?keys", "second")).Status == HttpStatusCode.OK,
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, (await registry.GetAsync("/v1/kv/?keys", "first")).Status);

        await ReplaceAsync(file, """{"Registry":{}}""");
        registry.Reload();
        await ReplaceAsync(file, """{"Registry":{"Anonymous":"Write","Tokens":[{"Name":"x"}]}}""");
        registry.Reload();
        Assert.Equal(HttpStatusCode.Forbidden, (await registry.GetAsync("/v1/kv/?keys")).Status);
        Assert.Equal(HttpStatusCode.OK, (await registry.GetAsync("/v1/kv/?keys", "second")).Status);
        Assert.True(registry.Services.GetRequiredService<LiveAccess>().Current.HasTokens);
    }

    [Fact]
    public async Task Faulty_settings_are_refused_all_at_once()
    {
        OptionsValidationException fault = await Assert.ThrowsAsync<OptionsValidationException>(() => RunningRegistry.StartAsync(
            ("Registry:Prot", "1"), ("Registry:Checks:IntervalMin", "-00:00:01"), ("Registry:Anonymous", "Nobody")));

        Assert.Contains("Registry:Prot", fault.Message);
        Assert.Contains("Registry:Anonymous", fault.Message);
    }

    private static Task WriteAsync(string file, string secret) => ReplaceAsync(file, JsonSerializer.Serialize(new
    {
        Registry = new { Anonymous = "Deny", Tokens = new[] { new { Name = "one", Secret = secret, Management = true } } },
    }));

    private static async Task ReplaceAsync(string file, string text)
    {
        await File.WriteAllTextAsync(file + ".new", text, TestContext.Current.CancellationToken);
        File.Move(file + ".new", file, overwrite: true);
    }
}
