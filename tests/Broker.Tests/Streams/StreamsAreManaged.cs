using System.Net.Http.Json;
using System.Text.Json;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Streams;

/// <summary>Streams in the management API, in policies, in definitions and among the metrics.</summary>
public sealed class StreamsAreManaged
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_is_shown_with_its_type_its_messages_and_its_consumers()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        Dictionary<string, object> arguments = new() { ["x-queue-type"] = "stream", ["x-max-age"] = "1D" };
        await http.PutAsJsonAsync("/api/queues/%2F/s", new { durable = true, arguments }, Stop);
        for (int number = 0; number < 3; number++) await channel.SendAsync("s", $"{number}");
        await channel.BasicQosAsync(0, 2, false, Stop);
        var got = await channel.ConsumeAsync("s", arguments: new() { ["x-stream-offset"] = "first" });
        await got.ReadAsync(Stop);

        JsonElement shown = await http.GetFromJsonAsync<JsonElement>("/api/queues/%2F/s", Stop);

        Assert.Equal("stream", shown.GetProperty("type").GetString());
        Assert.Equal("1D", shown.GetProperty("arguments").GetProperty("x-max-age").GetString());
        Assert.Equal((3, 0, 1), (shown.GetProperty("messages").GetInt32(), shown.GetProperty("messages_unacknowledged").GetInt32(),
            shown.GetProperty("consumers").GetInt32()));
        JsonElement consumer = Assert.Single(shown.GetProperty("consumer_details").EnumerateArray());
        Assert.Equal("first", consumer.GetProperty("arguments").GetProperty("x-stream-offset").GetString());
        string metrics = await http.GetStringAsync("/metrics", Stop);
        Assert.Contains("rabbitmq_queue_messages 3", metrics, StringComparison.Ordinal);
        Assert.Contains("queue_type=\"rabbit_stream_queue\"", metrics, StringComparison.Ordinal);

        Assert.Equal(System.Net.HttpStatusCode.BadRequest, (await http.DeleteAsync("/api/queues/%2F/s/contents", Stop)).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, (await http.PostAsJsonAsync(
            "/api/queues/%2F/s/get", new { ackmode = "ack_requeue_true", count = 1, encoding = "auto" }, Stop)).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.NoContent, (await http.DeleteAsync("/api/queues/%2F/s", Stop)).StatusCode);
    }

    [Fact]
    public async Task A_policy_for_streams_limits_a_stream_and_no_queue()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("s", ("x-queue-type", "stream"), ("x-stream-max-segment-size-bytes", 5_000));
        await channel.QueueAsync("q");
        for (int number = 0; number < 60; number++) await channel.SendAsync("s", new string('x', 1_000));

        Dictionary<string, object> limits = new() { ["max-length-bytes"] = 20_000, ["max-age"] = "1h" };
        await http.PutAsJsonAsync("/api/policies/%2F/short", new Dictionary<string, object>
        {
            ["pattern"] = ".*", ["definition"] = limits, ["apply-to"] = "streams",
        }, Stop);

        await Eventually.TrueAsync(
            "the oldest are gone", async () => (await channel.QueueDeclarePassiveAsync("s", Stop)).MessageCount is > 10 and < 30, Stop);
        Assert.Equal("short", (await http.GetFromJsonAsync<JsonElement>("/api/queues/%2F/s", Stop)).GetProperty("policy").GetString());
        Assert.Equal(JsonValueKind.Null, (await http.GetFromJsonAsync<JsonElement>("/api/queues/%2F/q", Stop)).GetProperty("policy").ValueKind);
    }

    [Fact]
    public async Task A_policy_that_streams_do_not_know_is_not_laid_on_one()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("s", ("x-queue-type", "stream"));

        await http.PutAsJsonAsync("/api/policies/%2F/short", new Dictionary<string, object>
        {
            ["pattern"] = ".*", ["definition"] = new Dictionary<string, object> { ["max-length"] = 1 },
        }, Stop);

        Assert.Equal(JsonValueKind.Null, (await http.GetFromJsonAsync<JsonElement>("/api/queues/%2F/s", Stop)).GetProperty("policy").ValueKind);
    }

    [Fact]
    public async Task Definitions_take_a_stream_along()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using RunningBroker other = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("s", ("x-queue-type", "stream"), ("x-max-length-bytes", 1_000_000));
        using HttpClient from = broker.Management(), to = other.Management();

        JsonElement definitions = await from.GetFromJsonAsync<JsonElement>("/api/definitions", Stop);
        (await to.PostAsJsonAsync("/api/definitions", definitions, Stop)).EnsureSuccessStatusCode();

        JsonElement shown = await to.GetFromJsonAsync<JsonElement>("/api/queues/%2F/s", Stop);
        Assert.Equal("stream", shown.GetProperty("type").GetString());
        Assert.Equal(1_000_000, shown.GetProperty("arguments").GetProperty("x-max-length-bytes").GetInt64());
    }
}
