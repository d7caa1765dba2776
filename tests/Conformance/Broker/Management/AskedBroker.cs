using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Xunit;

namespace Quintet.Conformance.Broker.Management;

/// <summary>What a broker said: a status and, if it is JSON, a body, with the names that only this broker has put back as placeholders.</summary>
internal sealed record Answer(int Status, JsonNode? Body, string Text);

/// <summary>A broker that holds a small shop, with one client connected, and is asked by its management API.</summary>
internal sealed class AskedBroker : IAsyncDisposable
{
    private const string Vhost = "shop";

    private static readonly string[] SetUp =
    [
        """PUT /api/vhosts/shop {"description":"a shop","tags":"production"}""",
        """PUT /api/permissions/shop/guest {"configure":".*","write":".*","read":".*"}""",
        """PUT /api/users/viewer {"password":"viewer","tags":"management"}""",
        """PUT /api/users/monitor {"password":"monitor","tags":"monitoring"}""",
        """PUT /api/users/maker {"password":"maker","tags":"policymaker"}""",
        """PUT /api/users/outsider {"password":"outsider","tags":"management"}""",
        """PUT /api/users/nobody {"password":"nobody","tags":""}""",
        """PUT /api/permissions/shop/viewer {"configure":"^$","write":"^$","read":"^orders$"}""",
        """PUT /api/permissions/shop/maker {"configure":".*","write":".*","read":".*"}""",
        """PUT /api/topic-permissions/shop/viewer {"exchange":"events","write":"^orders","read":".*"}""",
        """PUT /api/exchanges/shop/events {"type":"topic","durable":true}""",
        """PUT /api/exchanges/shop/more {"type":"headers","durable":true,"arguments":{"alternate-exchange":"events"}}""",
        """PUT /api/queues/shop/orders {"durable":true,"arguments":{"x-message-ttl":600000}}""",
        """PUT /api/queues/shop/consumed {"durable":true}""",
        """PUT /api/queues/shop/replicated {"durable":true,"arguments":{"x-queue-type":"quorum"}}""",
        """POST /api/bindings/shop/e/events/q/orders {"routing_key":"orders.#"}""",
        """POST /api/bindings/shop/e/more/q/consumed {"routing_key":"","arguments":{"x-match":"all","n":5}}""",
        """POST /api/bindings/shop/e/events/e/more {"routing_key":"more"}""",
        """PUT /api/policies/shop/long {"pattern":"^orders","definition":{"max-length":1000},"apply-to":"queues"}""",
        """PUT /api/operator-policies/shop/cap {"pattern":"^orders","definition":{"max-length":5000},"apply-to":"queues"}""",
        """PUT /api/vhost-limits/shop/max-connections {"value":100}""",
        """PUT /api/user-limits/viewer/max-channels {"value":100}""",
    ];

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false });
    private readonly Dictionary<string, string> _names = [];
    private readonly int _port;
    private readonly int _managementPort;
    private IConnection? _connection;

    private AskedBroker(int port, int managementPort) => (_port, _managementPort) = (port, managementPort);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<AskedBroker> SetUpAsync(int port, int managementPort)
    {
        AskedBroker broker = new(port, managementPort);
        foreach (string line in SetUp)
        {
            Answer answer = await broker.AskAsync(Request.Parse(line));
            Assert.True(answer.Status is 201 or 204, $"{line}: {answer.Status} {answer.Text}");
        }

        await broker.UseAsync();
        await broker.KnowNamesAsync();
        return broker;
    }

    public async Task<Answer> AskAsync(Request request)
    {
        using HttpRequestMessage message = new(request.Method, new Uri(
            $"http://127.0.0.1:{_managementPort}{Filled(request.Path)}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (request.User != "-")
            message.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(
                request.User == "wrong" ? "guest:wrong" : $"{request.User}:{request.User}")));
        if (request.Body is not null) message.Content = new StringContent(Filled(request.Body), Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _http.SendAsync(message, Cancellation);
        string text = Emptied(await response.Content.ReadAsStringAsync(Cancellation));
        return new Answer((int)response.StatusCode, Parse(text), text);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        _http.Dispose();
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Published, returned, fetched, consumed and acknowledged: each has its member in the statistics.
    private async Task UseAsync()
    {
        ConnectionFactory factory = new() { HostName = "127.0.0.1", Port = _port, VirtualHost = Vhost, ClientProvidedName = "conformance" };
        _connection = await factory.CreateConnectionAsync(Cancellation);
        IChannel channel = await _connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancellation);
        for (int i = 0; i < 5; i++) await channel.BasicPublishAsync("events", "orders.made", true, "an order"u8.ToArray(), Cancellation);
        await channel.BasicPublishAsync("", "consumed", true, "one"u8.ToArray(), Cancellation);
        await channel.BasicPublishAsync("events", "nobody", false, "none"u8.ToArray(), Cancellation);
        BasicGetResult got = (await channel.BasicGetAsync("orders", false, Cancellation))!;
        await channel.BasicAckAsync(got.DeliveryTag, false, Cancellation);
        await channel.BasicQosAsync(0, 5, false, Cancellation);
        AsyncEventingBasicConsumer consumer = new(channel);
        TaskCompletionSource received = new(TaskCreationOptions.RunContinuationsAsynchronously);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            await channel.BasicAckAsync(delivery.DeliveryTag, false, Cancellation);
            received.TrySetResult();
        };
        await channel.BasicConsumeAsync("consumed", false, "mine", consumer, Cancellation);
        await received.Task.WaitAsync(Cancellation);
    }

    /// <summary>RabbitMQ counts now and then: what was done is not seen at once.</summary>
    private async Task KnowNamesAsync()
    {
        _names["node"] = await Eventually.GetAsync("the overview", async () => (string?)(await GetAsync("/api/overview"))?["node"], Cancellation);
        _names["connection"] = await Eventually.GetAsync("the connection is shown", async () =>
            (string?)(await GetAsync("/api/connections"))!.AsArray().FirstOrDefault()?["name"], Cancellation);
        _names["port"] = $"{_port}";
        JsonNode channel = await Eventually.GetAsync("the channel's statistics are shown", async () =>
        {
            JsonNode? shown = (await GetAsync("/api/channels"))!.AsArray().FirstOrDefault();
            return (int?)shown?["message_stats"]?["ack"] >= 2 && (int?)shown?["consumer_count"] == 1 ? shown : null;
        }, Cancellation);
        _names["channel"] = $"{_names["connection"]} ({(int)channel["number"]!})";
        foreach (string thing in (string[])["queues/shop/orders", "exchanges/shop/events"])
            await Eventually.TrueAsync($"statistics of {thing} are shown", async () =>
                (await GetAsync($"/api/{thing}"))!["message_stats"] is not null, Cancellation);
        await Eventually.TrueAsync("the consumer is shown", async () => (await GetAsync("/api/consumers"))!.AsArray().Count == 1, Cancellation);
        await Eventually.TrueAsync("each queue is counted", async () =>
            (await GetAsync("/api/queues"))!.AsArray().All(queue => queue!["messages"] is not null), Cancellation);
    }

    private async Task<JsonNode?> GetAsync(string path) => (await AskAsync(Request.Parse($"GET {path}"))).Body;

    private string Filled(string text)
    {
        foreach ((string name, string value) in _names) text = text.Replace($"{{{name}}}", Uri.EscapeDataString(value), StringComparison.Ordinal);
        return text;
    }

    private string Emptied(string text)
    {
        foreach (string name in (string[])["channel", "connection", "node"])
            if (_names.TryGetValue(name, out string? value)) text = text.Replace(value, $"{{{name}}}", StringComparison.Ordinal);
        return text;
    }
}
