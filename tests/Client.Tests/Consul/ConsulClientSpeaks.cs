using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Quintet.Client.Consul;
using Xunit;

namespace Quintet.Client.Tests.Consul;

/// <summary>Against answers that a real Consul 1.8.7 gave.</summary>
public sealed class ConsulClientSpeaks : IDisposable
{
    private readonly Recorded _consul = new();
    private readonly ConsulClient _client;

    public ConsulClientSpeaks() => _client = new ConsulClient(new HttpClient(_consul) { BaseAddress = new Uri("http://consul.test/") });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _consul.Dispose();

    [Fact]
    public async Task A_registration_holds_only_members_that_old_consuls_know()
    {
        await _client.RegisterAsync(
            new("users-1", "users", "127.0.0.1", 5001)
            {
                Tags = ["v1"],
                Meta = new Dictionary<string, string> { ["quintet-route-0"] = "/users/{**rest}" },
                Checks =
                [
                    new()
                    {
                        Http = new Uri("http://127.0.0.1:5001/health/ready"),
                        Interval = TimeSpan.FromSeconds(1),
                        Timeout = TimeSpan.FromMilliseconds(1500),
                        DeregisterCriticalServiceAfter = TimeSpan.FromMinutes(1),
                        Status = InstanceStatus.Passing,
                    },
                ],
            },
            Cancellation);

        (string request, string body) = Assert.Single(_consul.Asked);
        Assert.Equal("PUT /v1/agent/service/register?replace-existing-checks=true", request);
        Assert.Equal(
            """{"ID":"users-1","Name":"users","Tags":["v1"],"Address":"127.0.0.1","Port":5001,"Meta":{"quintet-route-0":"/users/{**rest}"},"""
            + """
              "Checks":[{"Status":"passing","HTTP":"http://127.0.0.1:5001/health/ready","Interval":"1000ms","Timeout":"1500ms",
              """.Trim()
            + """
              "DeregisterCriticalServiceAfter":"60000ms"}]}
              """.Trim(),
            body.Replace("\\u002B", "+"));
    }

    [Fact]
    public async Task An_instance_has_the_worst_status_of_its_checks()
    {
        _consul.Answer(
            """
            [{"Node":{"ID":"fbef1e3b","Node":"node1","Address":"127.0.0.1","Datacenter":"dc1","Meta":{"consul-network-segment":""},"CreateIndex":6},
              "Service":{"ID":"web1","Service":"web","Tags":["v1","blue"],"Address":"127.0.0.5",
                "TaggedAddresses":{"lan_ipv4":{"Address":"127.0.0.5","Port":8080}},"Meta":{"zone":"a"},"Port":8080,
                "Weights":{"Passing":10,"Warning":2},"EnableTagOverride":false,"Proxy":{"MeshGateway":{},"Expose":{}},"Connect":{},"ModifyIndex":10},
              "Checks":[{"Node":"node1","CheckID":"serfHealth","Status":"passing"},{"Node":"node1","CheckID":"service:web1:1","Status":"warning"}]}]
            """,
            index: 10);

        Indexed<IReadOnlyList<ServiceInstance>> answer = await _client.HealthServiceAsync("web", passingOnly: true, cancellation: Cancellation);

        ServiceInstance web = Assert.Single(answer.Value);
        Assert.Equal(10ul, answer.Index);
        Assert.Equal(("web1", "web", "127.0.0.5", 8080, InstanceStatus.Warning), (web.Id, web.Name, web.Address, web.Port, web.Status));
        Assert.Equal("a", web.Meta["zone"]);
        Assert.Equal("GET /v1/health/service/web?passing=true&stale=", _consul.Asked.Single().Request);
    }

    [Fact]
    public async Task An_instance_without_an_address_or_meta_is_at_its_node()
    {
        _consul.Answer("""
            [{"Node":{"Address":"10.0.0.9"},
              "Service":{"ID":"w","Service":"web","Tags":[],"Address":"","Meta":null,"Port":80},
              "Checks":[{"CheckID":"_service_maintenance:w","Status":"critical"}]}]
            """);

        ServiceInstance web = Assert.Single((await _client.HealthServiceAsync("web", cancellation: Cancellation)).Value);

        Assert.Equal("10.0.0.9", web.Address);
        Assert.Empty(web.Meta);
        Assert.Equal(InstanceStatus.Maintenance, web.Status);
    }

    [Fact]
    public async Task A_blocking_query_sends_index_and_wait()
    {
        _consul.Answer("""{"consul":[],"web":["v1","blue"],"bare":null}""", index: 12);

        Blocking blocking = new(11, TimeSpan.FromSeconds(30));
        Indexed<IReadOnlyDictionary<string, IReadOnlyList<string>>> answer = await _client.CatalogServicesAsync(blocking, Cancellation);

        Assert.Equal("GET /v1/catalog/services?stale=&index=11&wait=30000ms", _consul.Asked.Single().Request);
        Assert.Equal(["v1", "blue"], answer.Value["web"]);
        Assert.Empty(answer.Value["bare"]);
    }

    [Fact]
    public async Task A_missing_key_can_be_waited_on()
    {
        _consul.Answer("", HttpStatusCode.NotFound, index: 39);

        Indexed<KeyValueEntry?> one = await _client.GetKeyAsync("gold/none", cancellation: Cancellation);
        Indexed<IReadOnlyList<KeyValueEntry>> all = await _client.GetKeysAsync("gold/", cancellation: Cancellation);

        Assert.Equal(new(null, 39), one);
        Assert.Empty(all.Value);
        Assert.Equal(["GET /v1/kv/gold/none", "GET /v1/kv/gold/?recurse="], _consul.Asked.Select(asked => asked.Request));
    }

    [Fact]
    public async Task A_key_is_read_and_written_only_if_nobody_else_did()
    {
        _consul.Answer("""[{"LockIndex":0,"Key":"gold/ä b","Flags":7,"Value":"b25l","CreateIndex":39,"ModifyIndex":40}]""");
        KeyValueEntry entry = (await _client.GetKeyAsync("gold/ä b", cancellation: Cancellation)).Value!;
        _consul.Answer("false");
        bool written = await _client.PutKeyAsync("gold/ä b", "two"u8.ToArray(), unchangedSince: entry.ModifyIndex, Cancellation);

        Assert.Equal(("gold/ä b", "one", 7ul), (entry.Key, Encoding.UTF8.GetString(entry.Value.Span), entry.Flags));
        Assert.False(written);
        Assert.Equal(("PUT /v1/kv/gold/%C3%A4%20b?cas=40", "two"), _consul.Asked.Last());
    }

    [Fact]
    public async Task An_unknown_instance_is_not_registered_and_may_be_deregistered()
    {
        _consul.Answer("unknown service ID: nope", HttpStatusCode.NotFound);

        Assert.False(await _client.IsRegisteredAsync("nope", Cancellation));
        await _client.DeregisterAsync("nope", Cancellation);
    }

    [Fact]
    public async Task A_refusal_says_what_the_registry_said()
    {
        _consul.Answer("CheckID \"x\" does not have associated TTL", HttpStatusCode.InternalServerError);

        ConsulException fault = await Assert.ThrowsAsync<ConsulException>(() => _client.PassAsync("x", "note & more", Cancellation));

        Assert.Equal(HttpStatusCode.InternalServerError, fault.Status);
        Assert.Contains("does not have associated TTL", fault.Message, StringComparison.Ordinal);
        Assert.Equal("PUT /v1/agent/check/pass/x?note=note%20%26%20more", _consul.Asked.Single().Request);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("{\"a\":1}")]
    [InlineData("[{\"Service\":{\"ID\":null}}]")]
    [InlineData("[{\"Service\":{\"Port\":99999999999}}]")]
    public async Task An_answer_that_cannot_be_read_is_the_registrys_fault(string body)
    {
        _consul.Answer(body);

        await Assert.ThrowsAsync<ConsulException>(() => _client.HealthServiceAsync("web", cancellation: Cancellation));
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    public async Task A_name_that_would_reach_another_resource_is_refused(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _client.DeregisterAsync(name, Cancellation));
        Assert.Empty(_consul.Asked);
    }

    [Fact]
    public async Task A_registry_that_is_not_there_is_a_fault_and_a_cancelled_call_is_not()
    {
        _consul.Fault = new HttpRequestException("refused");
        ConsulException fault = await Assert.ThrowsAsync<ConsulException>(() => _client.LeaderAsync(Cancellation));
        Assert.Null(fault.Status);

        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        _consul.Fault = new TaskCanceledException();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.LeaderAsync(cancelled.Token));
    }

    [Theory]
    [InlineData("127.0.0.1:8500", "http://127.0.0.1:8500/")]
    [InlineData("https://consul.example/base", "https://consul.example/base/")]
    public void An_address_is_read_as_consuls_tools_read_it(string address, string url)
    {
        using HttpClient http = ConsulClient.CreateHttp(address, "secret");

        Assert.Equal(url, http.BaseAddress?.ToString());
        Assert.Equal("secret", http.DefaultRequestHeaders.GetValues("X-Consul-Token").Single());
    }

    [Fact]
    public void An_address_that_cannot_be_read_is_named() =>
        Assert.Contains("ftp://x", Assert.Throws<FormatException>(() => ConsulClient.CreateHttp("ftp://x", null)).Message, StringComparison.Ordinal);

    /// <summary>Gives the answer it was told and keeps what it was asked.</summary>
    private sealed class Recorded : HttpMessageHandler
    {
        private (string Body, HttpStatusCode Status, ulong? Index) _answer = ("", HttpStatusCode.OK, null);

        public ConcurrentQueue<(string Request, string Body)> Asked { get; } = new();

        public Exception? Fault { get; set; }

        public void Answer(string body, HttpStatusCode status = HttpStatusCode.OK, ulong? index = null) => _answer = (body, status, index);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            Asked.Enqueue(($"{request.Method} {request.RequestUri!.PathAndQuery}", body));
            if (Fault is not null) throw Fault;
            HttpResponseMessage response = new(_answer.Status) { Content = new StringContent(_answer.Body) };
            if (_answer.Index is { } index) response.Headers.Add("X-Consul-Index", $"{index}");
            return response;
        }
    }
}
