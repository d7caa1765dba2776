using System.Net;
using System.Text.Json;

namespace Quintet.Registry.Tests;

public sealed class ServicesAreFound
{
    [Fact]
    public async Task A_registered_instance_is_listed_by_name_and_gone_after_deregistration()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await registry.RegisterAsync(
            new
            {
                ID = "web-1",
                Name = "web",
                Address = "127.0.0.1",
                Port = 8080,
                Tags = new[] { "v1" },
                Check = new { TTL = "30s", Status = "passing" },
            });

        Reply found = await registry.GetAsync("/v1/health/service/web?passing");
        JsonElement instance = Assert.Single(found.Json.EnumerateArray());
        Assert.Equal("web-1", instance.GetProperty("Service").GetProperty("ID").GetString());
        Assert.Equal(["serfHealth", "service:web-1"], instance.GetProperty("Checks").EnumerateArray().Select(c => c.GetProperty("CheckID").GetString()!));
        Assert.Equal("""{"consul":[],"web":["v1"]}""", (await registry.GetAsync("/v1/catalog/services")).Text);

        Assert.Equal(HttpStatusCode.OK, (await registry.PutAsync("/v1/agent/service/deregister/web-1")).Status);
        Assert.Equal("[]", (await registry.GetAsync("/v1/health/service/web")).Text);
        Assert.Equal("""{"consul":[]}""", (await registry.GetAsync("/v1/catalog/services")).Text);
    }

    [Fact]
    public async Task A_watch_on_a_service_wakes_at_its_first_instance()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        ulong index = (await registry.GetAsync("/v1/health/service/web")).Index;
        Task<Reply> watch = registry.GetAsync($"/v1/health/service/web?index={index}&wait=30s");
        await registry.RegisterAsync(new { Name = "web" });

        Reply woken = await watch;
        Assert.True(woken.Index > index);
        Assert.Single(woken.Json.EnumerateArray());
    }

    [Fact]
    public async Task Keys_and_instances_are_there_after_a_restart_and_the_index_goes_on()
    {
        RunningRegistry first = await RunningRegistry.StartAsync();
        await first.RegisterAsync(new { ID = "web-1", Name = "web", Check = new { TTL = "30s", Status = "passing" } });
        await first.PutAsync("/v1/kv/a/b", "value");
        ulong index = (await first.GetAsync("/v1/kv/a/b")).Index;
        await first.StopAsync();

        await using RunningRegistry second = await RunningRegistry.StartAsync(first.Folder, null);
        Assert.Equal("value", (await second.GetAsync("/v1/kv/a/b?raw")).Text);
        Assert.Equal(index, (await second.GetAsync("/v1/kv/a/b")).Index);
        Assert.Single((await second.GetAsync("/v1/health/service/web?passing")).Json.EnumerateArray());
        await second.StopAsync();
        Directory.Delete(first.Folder, recursive: true);
    }
}
