namespace Quintet.Registry.Tests;

public sealed class FiltersSelect
{
    [Theory]
    [InlineData("Service.Meta.zone==a", true)]
    [InlineData("Service.Meta[\"zone\"]==\"a\"", true)]
    [InlineData("Service.Meta.none!=a", true)]
    [InlineData("Service.Meta.none==a", false)]
    [InlineData("\"v1\" in Service.Tags", true)]
    [InlineData("v2 not in Service.Tags", true)]
    [InlineData("Service.Tags contains blue", true)]
    [InlineData("Service.Tags not contains `blue`", false)]
    [InlineData("Service.Tags is empty", false)]
    [InlineData("Service.Meta is not empty", true)]
    [InlineData("Service.ID matches \"^web[0-9]$\"", true)]
    [InlineData("(Service.Port==1 or Service.Port==8080) and not Service.ID==web2", true)]
    [InlineData("not not Service.Port==8080", true)]
    [InlineData("Checks.Status==passing", true)]
    [InlineData("Checks.CheckID==serfHealth and Checks.Status==critical", true)]
    [InlineData("Node.Address==\"127.0.0.1\"", true)]
    [InlineData("Service.EnableTagOverride==false", true)]
    public async Task A_filter_chooses_instances(string filter, bool isFound)
    {
        await using RunningRegistry registry = await StartAsync();
        Reply reply = await registry.GetAsync($"/v1/health/service/web?filter={Uri.EscapeDataString(filter)}");

        Assert.Equal(isFound ? 1 : 0, reply.Json.GetArrayLength());
    }

    [Theory]
    [InlineData("nonsense", "1:9 (8): no match found")]
    [InlineData("Nope==1", "Selector \"Nope\" is not valid")]
    [InlineData("service.Port==1", "Selector \"service\" is not valid")]
    [InlineData("Service.Address is empty", "Invalid match operator \"Is Empty\" for selector \"Service.Address\"")]
    [InlineData("Service.Port==abc", "Failed to coerce value \"abc\" for selector \"Service.Port\": strconv.ParseInt: parsing \"abc\": invalid syntax")]
    [InlineData("Service.ID matches \"[\"", "Failed to compile regular expression \"[\": error parsing regexp:")]
    [InlineData("Service.Port==1 AND Service.Port==1", "1:17 (16): no match found")]
    [InlineData("Service.Address==10.1.1.1", "1:18 (17): no match found")]
    [InlineData("(Service.Port==1", "1:17 (16): no match found")]
    [InlineData(" ", "1:2 (1): no match found")]
    public async Task A_filter_that_cannot_be_read_is_refused_with_its_fault(string filter, string fault)
    {
        await using RunningRegistry registry = await StartAsync();
        Reply reply = await registry.GetAsync($"/v1/health/service/web?filter={Uri.EscapeDataString(filter)}");

        Assert.Equal(500, (int)reply.Status);
        Assert.StartsWith($"Failed to create boolean expression evaluator: {fault}", reply.Text);
        Assert.Equal("false", reply.Header("X-Consul-Knownleader"));
    }

    [Fact]
    public async Task A_filter_nested_without_end_is_refused()
    {
        await using RunningRegistry registry = await StartAsync();
        Reply reply = await registry.GetAsync($"/v1/health/service/web?filter={new string('(', 4000)}");

        Assert.Contains("nested too deeply", reply.Text);
    }

    [Theory]
    [InlineData("/v1/agent/services?filter=Service==web", "web1")]
    [InlineData("/v1/agent/checks?filter=ServiceID==web1", "service:web1")]
    [InlineData("/v1/catalog/service/web?filter=ServiceMeta.zone==a", "web1")]
    [InlineData("/v1/catalog/nodes?filter=Node==node1", "node1")]
    [InlineData("/v1/catalog/node/node1?filter=Port==8080", "web1")]
    [InlineData("/v1/health/state/any?filter=Type==ttl", "service:web1")]
    public async Task Each_endpoint_has_its_selectors(string path, string found)
    {
        await using RunningRegistry registry = await StartAsync();

        Assert.Contains(found, (await registry.GetAsync(path)).Text);
    }

    private static async Task<RunningRegistry> StartAsync()
    {
        RunningRegistry registry = await RunningRegistry.StartAsync();
        await registry.RegisterAsync(
            new
            {
                ID = "web1",
                Name = "web",
                Address = "127.0.0.5",
                Port = 8080,
                Tags = new[] { "v1", "blue" },
                Meta = new { zone = "a" },
                Check = new { TTL = "60s" },
            });
        return registry;
    }
}
