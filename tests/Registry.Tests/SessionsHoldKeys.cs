using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Quintet.Registry.Tests;

public sealed class SessionsHoldKeys
{
    [Fact]
    public async Task A_key_is_held_by_one_session_until_it_lets_go()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        string one = await CreateAsync(registry, "{}");
        string two = await CreateAsync(registry, "null");

        Assert.Equal("true", (await registry.PutAsync($"/v1/kv/lock?acquire={one}", "one")).Text);
        Assert.Equal("false", (await registry.PutAsync($"/v1/kv/lock?acquire={two}", "two")).Text);
        Assert.Equal("true", (await registry.PutAsync($"/v1/kv/lock?acquire={one}", "again")).Text);
        Assert.Equal((1, one), await HolderAsync(registry));
        Assert.Equal("false", (await registry.PutAsync($"/v1/kv/lock?release={two}", "")).Text);
        Assert.Equal("true", (await registry.PutAsync($"/v1/kv/lock?release={one}", "free")).Text);
        Assert.Equal("true", (await registry.PutAsync($"/v1/kv/lock?acquire={two}", "two")).Text);
        Assert.Equal((2, two), await HolderAsync(registry));
    }

    [Fact]
    public async Task After_a_forced_end_nobody_gets_the_key_for_the_lock_delay()
    {
        FakeTimeProvider time = new();
        await using RunningRegistry registry = await RunningRegistry.StartAsync(null, services => services.AddSingleton<TimeProvider>(time));
        string one = await CreateAsync(registry, """{"LockDelay":"5s"}""");
        string two = await CreateAsync(registry, "");
        await registry.PutAsync($"/v1/kv/lock?acquire={one}", "one");
        await registry.PutAsync($"/v1/session/destroy/{one}");

        Assert.Equal((1, null), await HolderAsync(registry));
        Assert.Equal("false", (await registry.PutAsync($"/v1/kv/lock?acquire={two}", "two")).Text);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("true", (await registry.PutAsync($"/v1/kv/lock?acquire={two}", "two")).Text);
    }

    [Fact]
    public async Task An_unrenewed_session_ends_after_its_TTL_and_before_twice_that()
    {
        FakeTimeProvider time = new();
        await using RunningRegistry registry = await RunningRegistry.StartAsync(null, services => services.AddSingleton<TimeProvider>(time));
        string id = await CreateAsync(registry, """{"TTL":"10s","Behavior":"delete"}""");
        await registry.PutAsync($"/v1/kv/lock?acquire={id}", "x");
        ulong index = (await registry.GetAsync("/v1/kv/lock")).Index;

        time.Advance(TimeSpan.FromSeconds(9));
        await registry.PutAsync($"/v1/session/renew/{id}");
        time.Advance(TimeSpan.FromSeconds(10.1));
        Assert.Equal(HttpStatusCode.OK, (await registry.GetAsync("/v1/kv/lock")).Status);

        Task<Reply> gone = registry.GetAsync($"/v1/kv/lock?index={index}&wait=600s");
        time.Advance(TimeSpan.FromSeconds(9.8));
        Assert.Equal(HttpStatusCode.NotFound, (await gone).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await registry.PutAsync($"/v1/session/renew/{id}")).Status);
    }

    [Fact]
    public async Task A_session_ends_with_the_check_it_depends_on()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await registry.RegisterAsync(new { Name = "web", Check = new { TTL = "60s", Status = "passing" } });
        string id = await CreateAsync(registry, """{"ServiceChecks":[{"ID":"service:web"}]}""");
        await registry.PutAsync($"/v1/kv/lock?acquire={id}", "x");

        await registry.PutAsync("/v1/agent/check/fail/service:web");
        Assert.Equal((1, null), await HolderAsync(registry));
        Assert.Equal("[]", (await registry.GetAsync("/v1/session/list")).Text);
        Assert.Equal(
            "Check 'service:web' is in critical state",
            (await registry.PutAsync("/v1/session/create", """{"ServiceChecks":[{"ID":"service:web"}]}""")).Text);
    }

    [Fact]
    public async Task Sessions_and_what_they_hold_survive_a_restart()
    {
        RunningRegistry first = await RunningRegistry.StartAsync();
        string id = await CreateAsync(first, """{"Name":"leader","TTL":"30s"}""");
        await first.PutAsync($"/v1/kv/lock?acquire={id}", "x");
        string before = (await first.GetAsync($"/v1/session/info/{id}")).Text;
        await first.StopAsync();

        await using RunningRegistry second = await RunningRegistry.StartAsync(first.Folder, null);
        Assert.Equal(before, (await second.GetAsync($"/v1/session/info/{id}")).Text);
        Assert.Equal((1, id), await HolderAsync(second));
        await second.PutAsync($"/v1/session/destroy/{id}");
        Assert.Equal((1, null), await HolderAsync(second));
    }

    [Theory]
    [InlineData("/v1/kv/a?acquire=abc", 500, "failed session lookup: index error: UUID must be 36 characters")]
    [InlineData("/v1/kv/a?acquire=", 500, "missing session")]
    [InlineData("/v1/kv/a?acquire=00000000-0000-0000-0000-000000000000", 500, "invalid session \"00000000-0000-0000-0000-000000000000\"")]
    [InlineData("/v1/kv/a?cas=1&acquire=x", 400, "Conflicting flags: acquire=x&cas=1")]
    [InlineData("/v1/session/destroy/", 400, "Missing session")]
    [InlineData("/v1/session/destroy/00000000-0000-0000-0000-000000000000", 200, "true")]
    [InlineData("/v1/session/renew/00000000-0000-0000-0000-000000000000", 404, "Session id '00000000-0000-0000-0000-000000000000' not found")]
    public async Task Sessions_that_are_none_are_answered_with_their_fault(string path, int status, string text)
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        Reply reply = await registry.PutAsync(path, "x");

        Assert.Equal((status, text), ((int)reply.Status, reply.Text));
    }

    private static async Task<string> CreateAsync(RunningRegistry registry, string body) =>
        (await registry.PutAsync("/v1/session/create", body)).Json.GetProperty("ID").GetString()!;

    private static async Task<(int LockIndex, string? Session)> HolderAsync(RunningRegistry registry)
    {
        System.Text.Json.JsonElement row = (await registry.GetAsync("/v1/kv/lock")).Json[0];
        return (row.GetProperty("LockIndex").GetInt32(), row.TryGetProperty("Session", out System.Text.Json.JsonElement session) ? session.GetString() : null);
    }
}
