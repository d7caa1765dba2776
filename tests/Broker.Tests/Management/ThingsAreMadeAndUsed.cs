using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Management;

/// <summary>What the management API changes; statuses and reasons are those a RabbitMQ answered with.</summary>
public class ThingsAreMadeAndUsed
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_queue_is_declared_published_to_and_read()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();

        Assert.Equal((201, ""), await SendAsync(http, HttpMethod.Put, "queues/%2F/q", """{"durable":true,"arguments":{"x-queue-type":"quorum"}}"""));
        Assert.Equal((204, ""), await SendAsync(http, HttpMethod.Put, "queues/%2F/q", """{"durable":true,"arguments":{"x-queue-type":"quorum"}}"""));
        Assert.Equal(
            (400, """{"error":"bad_request","reason":"inequivalent arg 'durable' for queue 'q' in vhost '/': received 'false' but current is 'true'"}"""),
            await SendAsync(http, HttpMethod.Put, "queues/%2F/q", """{"arguments":{"x-queue-type":"quorum"}}"""));
        Assert.Equal((200, """{"routed":true}"""), await PublishAsync(http, """
            "routing_key":"q","payload":"häß","payload_encoding":"string","properties":{"delivery_mode":2,"headers":{"a":1,"b":1.5,"c":[1,"x"],"d":{"e":true}
            },"content_type":"t","expiration":"60000","timestamp":5,"priority":1,"message_id":"m"}
            """));
        Assert.Equal((200, """{"routed":false}"""), await PublishAsync(http, """
            "routing_key":"nowhere","payload":"x","payload_encoding":"string","properties":{}
            """));

        (int _, string kept) = await SendAsync(http, HttpMethod.Post, "queues/%2F/q/get",
            """{"count":5,"ackmode":"ack_requeue_true","encoding":"auto","truncate":3}""");
        JsonElement first = JsonDocument.Parse(kept).RootElement[0];
        Assert.Equal((5, "hä", false), (first.GetProperty("payload_bytes").GetInt32(), first.GetProperty("payload").GetString(),
            first.GetProperty("redelivered").GetBoolean()));
        Assert.Equal("""{"a":1,"b":1.5,"c":[1,"x"],"d":{"e":true}}""", first.GetProperty("properties").GetProperty("headers").GetRawText());
        Assert.Equal((5, 1, "60000", "m", 2), (first.GetProperty("properties").GetProperty("timestamp").GetInt32(),
            first.GetProperty("properties").GetProperty("priority").GetInt32(), first.GetProperty("properties").GetProperty("expiration").GetString(),
            first.GetProperty("properties").GetProperty("message_id").GetString(), first.GetProperty("properties").GetProperty("delivery_mode").GetInt32()));

        (int _, string again) = await SendAsync(http, HttpMethod.Post, "queues/%2F/q/get", """{"count":1,"ackmode":"ack_requeue_false","encoding":"base64"}""");
        JsonElement second = JsonDocument.Parse(again).RootElement[0];
        Assert.Equal(("aMOkw58=", "base64", true), (second.GetProperty("payload").GetString(), second.GetProperty("payload_encoding").GetString(),
            second.GetProperty("redelivered").GetBoolean()));
        Assert.Equal((200, "[]"), await SendAsync(http, HttpMethod.Post, "queues/%2F/q/get", """{"count":1,"ackmode":"ack_requeue_true","encoding":"auto"}"""));
    }

    [Theory]
    [InlineData("classic", true)]
    [InlineData("classic", false)]
    [InlineData("quorum", true)]
    public async Task The_timestamp_of_the_message_that_is_next_is_told(string type, bool isPersistent)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await SendAsync(http, HttpMethod.Put, "queues/%2F/q", $$$"""{"durable":true,"arguments":{"x-queue-type":"{{{type}}}"}}""");

        JsonValueKind empty = (await QueueAsync(http)).ValueKind;
        foreach (int seconds in (int[])[1_700_000_000, 1_800_000_000])
            await PublishAsync(http, $$"""
                "routing_key":"q","payload":"x","payload_encoding":"string","properties":{"delivery_mode":{{(isPersistent ? 2 : 1)}},"timestamp":{{seconds}}}
                """);
        await PublishAsync(http, """ "routing_key":"q","payload":"x","payload_encoding":"string","properties":{} """);
        long first = (await QueueAsync(http)).GetInt64(), same = (await QueueAsync(http)).GetInt64();
        await TakeAsync(http);
        long second = (await QueueAsync(http)).GetInt64();
        await TakeAsync(http);
        JsonValueKind none = (await QueueAsync(http)).ValueKind;

        Assert.Equal((1_700_000_000, 1_700_000_000, 1_800_000_000), (first, same, second));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (empty, none));

        static Task TakeAsync(HttpClient http) =>
            SendAsync(http, HttpMethod.Post, "queues/%2F/q/get", """{"count":1,"ackmode":"ack_requeue_false","encoding":"auto"}""");

        static async Task<JsonElement> QueueAsync(HttpClient http) =>
            (await http.GetFromJsonAsync<JsonElement>(new Uri("/api/queues/%2F", UriKind.Relative), Stop))[0].GetProperty("head_message_timestamp");
    }

    [Theory]
    [InlineData("{}", 400, "[{key_missing,ackmode},{key_missing,count},{key_missing,encoding}]")]
    [InlineData("""{"count":"x","ackmode":"ack_requeue_true","encoding":"auto"}""", 400, """["not_integer","x"]""")]
    [InlineData("""{"count":1,"ackmode":"reject_requeue_true","encoding":"bogus"}""", 400, "Unsupported encoding. Please use auto or base64.")]
    [InlineData("""{"count":1,"ackmode":"ack_requeue_true","encoding":"auto"}""", 404, "NOT_FOUND - no queue 'none' in vhost '/'")]
    public async Task A_get_is_refused_in_RabbitMQs_words(string body, int status, string reason)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();

        (int got, string answer) = await SendAsync(http, HttpMethod.Post, "queues/%2F/none/get", body);

        Assert.Equal((status, reason), (got, JsonDocument.Parse(answer).RootElement.GetProperty("reason").ToString()));
    }

    [Theory]
    [InlineData("""  "routing_key":"q","payload":"x","payload_encoding":"bogus","properties":{} """, """["unsupported_encoding","bogus"]""")]
    [InlineData("""  "routing_key":"q","payload":"!!","payload_encoding":"base64","properties":{} """, """["not_base64","!!"]""")]
    [InlineData("""  "routing_key":"q","payload":1,"payload_encoding":"string","properties":{} """, "payload_not_string")]
    [InlineData("""  "routing_key":"q","payload":"x","payload_encoding":"string","properties":{"delivery_mode":"2"} """, """["not_int","delivery_mode"]""")]
    [InlineData("""  "routing_key":"q","payload":"x","payload_encoding":"string","properties":{"headers":{"n":null}} """, "null_not_allowed")]
    [InlineData("""  "routing_key":"q","payload":"x","payload_encoding":"string","properties":{"expiration":"x"} """,
        "406 PRECONDITION_FAILED - invalid expiration 'x': no_integer")]
    [InlineData("""  "routing_key":"q","payload":"x","payload_encoding":"string","properties":{"user_id":"other"} """,
        "406 PRECONDITION_FAILED - user_id property set to 'other' but authenticated user was 'guest'")]
    public async Task A_publish_is_refused_in_RabbitMQs_words(string members, string reason)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();

        (int status, string answer) = await PublishAsync(http, members);

        Assert.Equal((400, reason), (status, JsonDocument.Parse(answer).RootElement.GetProperty("reason").ToString()));
    }

    [Fact]
    public async Task Bindings_are_made_found_and_taken_away()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await SendAsync(http, HttpMethod.Put, "queues/%2F/q", "{}");
        Assert.Equal((201, ""), await SendAsync(http, HttpMethod.Put, "exchanges/%2F/e", """{"type":"topic","durable":true}"""));

        HttpResponseMessage bound = await http.PostAsync("/api/bindings/%2F/e/e/q/q", Json("""{"routing_key":"r/x","arguments":{"a":1}}"""), Stop);
        string key = bound.Headers.Location!.OriginalString.Split('/')[1];
        await SendAsync(http, HttpMethod.Post, "bindings/%2F/e/e/q/q", """{"routing_key":"a/b c~d"}""");
        await SendAsync(http, HttpMethod.Post, "bindings/%2F/e/e/e/amq.fanout", """{"routing_key":"z"}""");

        Assert.Equal(HttpStatusCode.Created, bound.StatusCode);
        Assert.Equal("r/x", (await http.GetFromJsonAsync<JsonElement>($"/api/bindings/%2F/e/e/q/q/{key}", Stop)).GetProperty("routing_key").GetString());
        JsonElement source = await http.GetFromJsonAsync<JsonElement>("/api/exchanges/%2F/e/bindings/source", Stop);
        Assert.Equal(3, source.GetArrayLength());
        Assert.Contains(source.EnumerateArray(), binding => binding.GetProperty("properties_key").GetString() == "a%2Fb+c%7Ed");
        Assert.Equal(1, (await http.GetFromJsonAsync<JsonElement>("/api/exchanges/%2F/amq.fanout/bindings/destination", Stop)).GetArrayLength());
        Assert.Equal(3, (await http.GetFromJsonAsync<JsonElement>("/api/queues/%2F/q/bindings", Stop)).GetArrayLength());
        Assert.Equal((204, ""), await SendAsync(http, HttpMethod.Delete, $"bindings/%2F/e/e/q/q/{key}"));
        Assert.Equal(404, (await SendAsync(http, HttpMethod.Delete, $"bindings/%2F/e/e/q/q/{key}")).Status);
        Assert.Equal((404, """{"error":"not_found","reason":"no exchange 'none' in vhost '/'"}"""),
            await SendAsync(http, HttpMethod.Post, "bindings/%2F/e/none/q/q", """{"routing_key":"r"}"""));
        Assert.Equal((401, """{"error":"not_authorised","reason":"Access refused."}"""),
            await SendAsync(http, HttpMethod.Delete, "bindings/%2F/e/amq.default/q/q/q"));
    }

    [Fact]
    public async Task An_exclusive_queue_is_its_owners()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueDeclareAsync("mine", durable: false, exclusive: true, autoDelete: false, cancellationToken: Stop);

        Assert.StartsWith("cannot obtain exclusive access", Reason(await SendAsync(http, HttpMethod.Delete, "queues/%2F/mine")));
        Assert.StartsWith("cannot obtain exclusive access", Reason(await SendAsync(http, HttpMethod.Delete, "queues/%2F/mine/contents")));
        Assert.StartsWith("405 RESOURCE_LOCKED - cannot obtain", Reason(
            await SendAsync(http, HttpMethod.Post, "queues/%2F/mine/get", """{"count":1,"ackmode":"ack_requeue_true","encoding":"auto"}""")));
    }

    [Fact]
    public async Task Lists_come_in_pages_sorted_and_with_the_columns_asked_for()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        foreach (string name in (string[])["aq", "cq", "cq4", "work"]) await SendAsync(http, HttpMethod.Put, $"queues/%2F/{name}", "{}");

        Assert.Equal(
            """{"total_count":4,"item_count":2,"filtered_count":3,"page":1,"page_size":2,"page_count":2,"items":["""
            + """{"name":"cq4","messages_details":{"rate":0}},"""
            + """{"name":"cq","messages_details":{"rate":0}}]}""",
            (await SendAsync(http, HttpMethod.Get,
                "queues?page=1&page_size=2&name=Q&use_regex=true&sort=name&sort_reverse=true&columns=name,messages_details.rate")).Body);
        Assert.Equal("""[{"name":"work"},{"name":"cq4"},{"name":"cq"},{"name":"aq"}]""",
            (await SendAsync(http, HttpMethod.Get, "queues?columns=name&sort=name&sort_reverse=true")).Body);
        Assert.Equal((400, """{"error":"page_out_of_range","reason":"Page out of range, page: 9 page size: 2, len: 4"}"""),
            await SendAsync(http, HttpMethod.Get, "queues?page=9&page_size=2"));
        Assert.Equal((400, """{"error":"invalid_pagination_parameters","reason":"Invalid pagination parameters: page number 0, page size undefined"}"""),
            await SendAsync(http, HttpMethod.Get, "queues?page=0"));
        foreach (string bad in (string[])["page=x", "page=1&name=(&use_regex=true"])
            Assert.Equal((400, """{"error":"bad_request","reason":"Pagination parameters are invalid"}"""),
                await SendAsync(http, HttpMethod.Get, $"queues?{bad}"));
    }

    [Fact]
    public async Task Counts_are_those_of_the_moment_and_rates_those_of_the_last_look()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:RatesInterval", "00:00:00.1"));
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        for (int number = 0; number < 4; number++) await channel.SendAsync("q", "x");
        Assert.Equal("x", await channel.TakeAsync("q"));
        BasicGetResult? got = await channel.BasicGetAsync("q", autoAck: false, Stop);
        await channel.BasicAckAsync(got!.DeliveryTag, false, Stop);
        await channel.BasicPublishAsync("", "nowhere", mandatory: false, new BasicProperties(), "x"u8.ToArray(), Stop);

        JsonElement stats = JsonDocument.Parse(await Eventually.GetAsync("the ack is counted", async () =>
        {
            JsonElement found = (await http.GetFromJsonAsync<JsonElement>("/api/overview", Stop)).GetProperty("message_stats");
            return Of(found, "ack") == 1 ? found.GetRawText() : null;
        }, Stop)).RootElement;
        JsonElement queue = (await http.GetFromJsonAsync<JsonElement>("/api/queues/%2F/q", Stop)).GetProperty("message_stats");
        Assert.Equal((5, 5, 1, 1, 1, 2), (Of(stats, "publish"), Of(stats, "confirm"), Of(stats, "drop_unroutable"), Of(stats, "get"), Of(stats, "get_no_ack"),
            Of(stats, "deliver_get")));
        Assert.Equal((4, 1, 1), (Of(queue, "publish"), Of(queue, "get"), Of(queue, "ack")));

        await Eventually.GetAsync("a rate of publishes", async () =>
        {
            await channel.SendAsync("q", "x");
            JsonElement now = await http.GetFromJsonAsync<JsonElement>("/api/queues/%2F/q", Stop);
            return now.GetProperty("message_stats").GetProperty("publish_details").GetProperty("rate").GetDouble() > 0 ? "there" : null;
        }, Stop);
        await channel.CloseAsync(Stop);
        Assert.InRange(Of((await http.GetFromJsonAsync<JsonElement>("/api/overview", Stop)).GetProperty("message_stats"), "publish"), 6, int.MaxValue);
    }

    [Fact]
    public async Task Health_checks_say_what_is_the_matter()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();

        foreach (string check in (string[])["alarms", "local-alarms", "virtual-hosts", $"port-listener/{broker.Ports.Amqp}", "protocol-listener/amqp",
            "protocol-listener/amqp091", "node-is-quorum-critical", "is-in-service", "ready-to-serve-clients"])
            Assert.Equal(200, (await SendAsync(http, HttpMethod.Get, $"health/checks/{check}")).Status);
        Assert.Equal(503, (await SendAsync(http, HttpMethod.Get, "health/checks/port-listener/1")).Status);
        Assert.Equal(503, (await SendAsync(http, HttpMethod.Get, "health/checks/protocol-listener/mqtt")).Status);
        Assert.Equal((400, """{"error":"bad_request","reason":"Invalid port"}"""), await SendAsync(http, HttpMethod.Get, "health/checks/port-listener/x"));
        Assert.Equal((200, """{"status":"ok"}"""), await SendAsync(http, HttpMethod.Get, "aliveness-test/%2F"));
    }

    [Fact]
    public async Task What_is_too_large_is_refused_before_it_is_read()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:ManagementBodyBytes", "2000"));
        using HttpClient http = broker.Management();

        Assert.Equal((400, """{"error":"bad_request","reason":"payload size exceeds limit"}"""),
            await SendAsync(http, HttpMethod.Put, "queues/%2F/q", """{"arguments":{"x":"A"}}""".Replace("A", new string('a', 3000))));
    }

    private static int Of(JsonElement stats, string name) => stats.GetProperty(name).GetInt32();

    private static string Reason((int Status, string Body) answer) => JsonDocument.Parse(answer.Body).RootElement.GetProperty("reason").GetString()!;

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static Task<(int Status, string Body)> PublishAsync(HttpClient http, string members) =>
        SendAsync(http, HttpMethod.Post, "exchanges/%2F/amq.default/publish", $"{{{members}}}");

    private static async Task<(int Status, string Body)> SendAsync(HttpClient http, HttpMethod method, string path, string? body = null)
    {
        using HttpRequestMessage request = new(method, $"/api/{path}") { Content = body is null ? null : Json(body) };
        HttpResponseMessage answer = await http.SendAsync(request, Stop);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }
}
