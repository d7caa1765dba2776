using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Quintet.Registry.Tests;

public sealed class RequestsAreReadAsConsulReadsThem
{
    [Theory]
    [InlineData("GET", "/v1/nope", null, 404, "")]
    [InlineData("GET", "/v1/kv", null, 301, "")]
    [InlineData("POST", "/v1/agent/service/register", "{}", 405, "method POST not allowed")]
    [InlineData("GET", "/v1/agent/service/deregister/x", null, 405, "method GET not allowed")]
    [InlineData("GET", "/v1/acl/tokens", null, 401, "ACL support disabled")]
    [InlineData("GET", "/v1/catalog/datacenters?pretty", null, 200, "[\n    \"dc1\"\n]\n")]
    [InlineData("GET", "/v1/catalog/nodes?dc=nowhere", null, 500, "No path to datacenter")]
    [InlineData("GET", "/v1/catalog/services?index=abc", null, 400, "Invalid index")]
    [InlineData("GET", "/v1/catalog/services?index=-1", null, 400, "Invalid index")]
    [InlineData("GET", "/v1/catalog/services?wait=10", null, 400, "Invalid wait time")]
    [InlineData("GET", "/v1/catalog/services?stale&consistent", null, 400, "Cannot specify ?stale with ?consistent, conflicting semantics.")]
    [InlineData("GET", "/v1/health/service/web?passing=maybe", null, 400, "Invalid value for ?passing")]
    [InlineData("GET", "/v1/health/service/", null, 400, "Missing service name")]
    [InlineData("GET", "/v1/health/state/bogus", null, 200, "[]")]
    [InlineData("GET", "/v1/catalog/node/nope", null, 200, "null")]
    [InlineData("GET", "/v1/agent/service/nope", null, 404, "unknown service ID: nope")]
    [InlineData("PUT", "/v1/agent/service/register", "", 400, "Request decode failed: EOF")]
    [InlineData("PUT", "/v1/agent/service/register", "{", 400, "Request decode failed: unexpected EOF")]
    [InlineData("PUT", "/v1/agent/service/register", "null", 400, "Missing service name")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x","Port":"abc"}""",
        400, "Request decode failed: json: cannot unmarshal string into Go struct field .Port of type int")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x","Check":{"TTL":"abc"}}""", 400, "Request decode failed: time: invalid duration \"abc\"")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x","Check":{"Name":"c"}}""", 400, "Invalid check: TTL must be > 0 for TTL checks")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x","Check":{"HTTP":"http://127.0.0.1/"}}""",
        400, "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x","Check":{"TTL":"10s","Status":"fine"}}""",
        400, "Status for checks must 'passing', 'warning', 'critical'")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x","Check":{"Args":["/bin/true"],"Interval":"10s"}}""",
        500, "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x","Check":{"GRPC":"127.0.0.1:1","Interval":"10s"}}""",
        400, "Invalid check: GRPC checks are not supported by this registry; TTL, HTTP and TCP are")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x","Weights":{"Passing":-1,"Warning":1}}""",
        400, "Invalid Weights: Passing must be greater than 0")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x","Address":"0.0.0.0"}""", 400, "Invalid service address")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x","Meta":{"a b":"c"}}""",
        400, "Invalid Service Meta: Couldn't load metadata pair ('a b', 'c'): Key contains invalid characters")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x","Meta":{"\ud800":"c"}}""", 400, "Request decode failed: invalid UTF-8 in JSON")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x","Check":{"TTL":"10000h"}}""", 400, "Invalid check: TTL must be at most 168h")]
    [InlineData("PUT", "/v1/agent/service/register", """{"Name":"x"} trailing""", 200, "")]
    [InlineData(
        "PUT",
        "/v1/agent/service/register",
        """{"name":"x","id":"y","bogus":1,"enable_tag_override":true,"check":{"ttl":"1m30s","deregister_critical_service_after":"90m"}}""",
        200, "")]
    [InlineData("PUT", "/v1/agent/service/deregister/nope", null, 200, "")]
    [InlineData("PUT", "/v1/agent/service/deregister/", null, 500, "ServiceID missing")]
    [InlineData("PUT", "/v1/agent/check/pass/nope", null, 404, "Unknown check ID \"nope\". Ensure that the check ID is passed, not the check name.")]
    [InlineData("PUT", "/v1/agent/check/deregister/nope", null, 200, "")]
    [InlineData("PUT", "/v1/agent/check/update/x", """{"Status":"unknown"}""", 400, "Invalid check status: 'unknown'")]
    [InlineData("PUT", "/v1/agent/check/register", """{"TTL":"15s"}""", 400, "Missing check name")]
    [InlineData("PUT", "/v1/agent/check/register", """{"ID":"l","Name":"l","ServiceID":"nope","TTL":"15s"}""", 500, "ServiceID \"nope\" does not exist")]
    [InlineData("PUT", "/v1/agent/service/maintenance/x", null, 400, "Missing value for enable")]
    [InlineData("PUT", "/v1/agent/service/maintenance/x?enable=maybe", null, 400, "Invalid value for enable: \"maybe\"")]
    [InlineData("PUT", "/v1/agent/service/maintenance/nope?enable=true", null, 404, "No service registered with ID \"nope\"")]
    [InlineData("PUT", "/v1/catalog/register", """{"Address":"127.0.0.9"}""", 500, "Must provide node")]
    [InlineData("PUT", "/v1/kv/a?flags=abc", "x", 500, "strconv.ParseUint: parsing \"abc\": invalid syntax")]
    [InlineData("PUT", "/v1/kv/", "x", 400, "Missing key name")]
    [InlineData("DELETE", "/v1/kv/a?cas=1&recurse", null, 400, "Conflicting flags: cas=1&recurse=")]
    [InlineData("PUT", "/v1/txn", "{", 400, "Failed to parse body: unexpected EOF")]
    public async Task Every_mistake_has_its_answer(string method, string path, string? body, int status, string text)
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        registry.Client.DefaultRequestHeaders.ExpectContinue = false;
        Reply reply = await registry.SendAsync(new HttpMethod(method), path, body);

        Assert.Equal((status, text), ((int)reply.Status, reply.Text));
        if (text.Length > 0 && status >= 400) Assert.Equal("text/plain; charset=utf-8", reply.ContentHeaders.ContentType?.ToString());
    }

    [Fact]
    public async Task The_answers_have_Consuls_headers()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        Reply nodes = await registry.GetAsync("/v1/catalog/nodes?stale");
        Assert.Equal("stale", nodes.Header("X-Consul-Effective-Consistency"));
        Assert.Equal("application/json", nodes.ContentHeaders.ContentType?.ToString());
        Assert.Equal("Accept-Encoding", nodes.Header("Vary"));

        Reply options = await registry.SendAsync(HttpMethod.Options, "/v1/kv/a", null);
        Assert.Equal((HttpStatusCode.OK, ""), (options.Status, options.Text));
        Assert.Equal("OPTIONS,GET,PUT,DELETE", string.Join(',', options.ContentHeaders.Allow));
        Assert.Equal("HIT", (await registry.GetAsync("/v1/health/service/web?cached")).Header("X-Cache"));
        Assert.Equal(HttpStatusCode.OK, (await registry.SendAsync(HttpMethod.Head, "/v1/agent/services", null)).Status);
    }

    [Fact]
    public async Task Large_answers_are_compressed_for_who_asks()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await registry.PutAsync("/v1/kv/big", new string('x', 10_000));
        using HttpRequestMessage request = new(HttpMethod.Get, "/v1/kv/big") { Headers = { { "Accept-Encoding", "gzip" } } };
        using HttpResponseMessage response = await registry.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal("gzip", Assert.Single(response.Content.Headers.ContentEncoding));
        Assert.True(response.Content.Headers.ContentLength < 1000);
    }

    [Fact]
    public async Task One_connection_too_many_is_told_so()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync(("Registry:Limits:ConnectionsMax", "1"));
        using TcpClient first = new();
        await first.ConnectAsync(IPAddress.Loopback, registry.Port, TestContext.Current.CancellationToken);
        await first.GetStream().WriteAsync("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.True(await first.GetStream().ReadAsync(new byte[1], TestContext.Current.CancellationToken) == 1);

        Assert.Equal(HttpStatusCode.TooManyRequests, (await registry.GetAsync("/v1/status/leader")).Status);
    }

    [Fact]
    public async Task Garbage_closes_its_connection_and_nothing_else()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, registry.Port, TestContext.Current.CancellationToken);
        byte[] garbage = new byte[4096];
        new Random(1).NextBytes(garbage);
        await client.GetStream().WriteAsync(garbage, TestContext.Current.CancellationToken);
        using StreamReader reader = new(client.GetStream(), Encoding.Latin1);
        Assert.StartsWith("HTTP/1.1 400", await reader.ReadLineAsync(TestContext.Current.CancellationToken));

        Assert.Equal("\"127.0.0.1:8300\"", (await registry.GetAsync("/v1/status/leader")).Text);
    }
}
