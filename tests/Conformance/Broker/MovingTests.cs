using System.Text.Json.Nodes;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Conformance.Broker;

/// <summary>
/// rabbitmqadmin, which comes with RabbitMQ, sets one broker up, exports it, and imports that into the other kind: moving is an export and a URL.
/// </summary>
public sealed class MovingTests
{
    private static readonly string[] Lists = ["permissions", "topic_permissions", "policies", "exchanges", "queues", "bindings"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_broker_exports_RabbitMQ_imports_and_the_reverse()
    {
        using TempFolder folder = new();
        await using BoxProcess ours = await BoxProcess.StartAsync("broker", Cancellation), ours2 = await BoxProcess.StartAsync("broker", Cancellation);
        await using RabbitProcess rabbit = await RabbitProcess.StartAsync(Cancellation);
        await SetUpAsync(ours);

        JsonNode exported = await ExportAsync(ours.ManagementPort, folder["ours.json"]);
        await AdminAsync(rabbit.ManagementPort, "import", folder["ours.json"]);
        JsonNode atRabbit = await ExportAsync(rabbit.ManagementPort, folder["rabbit.json"]);
        await AdminAsync(ours2.ManagementPort, "import", folder["rabbit.json"]);
        JsonNode back = await ExportAsync(ours2.ManagementPort, folder["back.json"]);

        foreach (string list in Lists)
        {
            Assert.NotEmpty(exported[list]!.AsArray());
            Assert.Equal(Sorted(exported, list), Sorted(atRabbit, list));
            Assert.Equal(Sorted(exported, list), Sorted(back, list));
        }

        Assert.Equal(Names(exported, "vhosts"), Names(back, "vhosts"));
        Assert.Equal(Names(exported, "users"), Names(atRabbit, "users"));
        foreach (int port in (int[])[ours.Port, rabbit.Port, ours2.Port]) await UseAsync(port);
    }

    private static async Task SetUpAsync(BoxProcess box)
    {
        int port = box.ManagementPort;
        await AdminAsync(port, "declare", "vhost", "name=shop");
        await AdminAsync(port, "declare", "user", "name=alice", "password=secret", "tags=administrator");
        await AdminAsync(port, "declare", "permission", "vhost=shop", "user=alice", "configure=.*", "write=.*", "read=.*");
        await DeclareAsync(box.Port);
        await AdminAsync(port, "--vhost=shop", "declare", "policy", "name=long", "pattern=^mails", """definition={"max-length":100}""", "apply-to=queues");
        await AdminAsync(port, "declare", "vhost_limit", "vhost=shop", "name=max-queues", "value=100");
        using HttpClient http = new(new SocketsHttpHandler());
        http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("guest:guest"u8));
        using StringContent rule = new("""{"exchange":"events","write":"^orders","read":".*"}""");
        (await http.PutAsync(new Uri($"http://127.0.0.1:{port}/api/topic-permissions/shop/alice"), rule, Cancellation)).EnsureSuccessStatusCode();
        foreach (string kind in (string[])
            ["users", "vhosts", "permissions", "exchanges", "queues", "bindings", "policies", "vhost_limits", "connections", "nodes"])
            await AdminAsync(port, "list", kind);
    }

    private static async Task DeclareAsync(int port)
    {
        await using IConnection connection = await FactoryOf(port).CreateConnectionAsync(Cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Cancellation);
        await channel.ExchangeDeclareAsync("events", "topic", durable: true, cancellationToken: Cancellation);
        await channel.ExchangeDeclareAsync("more", "headers", true, false, Table(("alternate-exchange", "events")), cancellationToken: Cancellation);
        await channel.QueueDeclareAsync("orders", true, false, false, Table(("x-queue-type", "quorum")), cancellationToken: Cancellation);
        await channel.QueueDeclareAsync(
            "mails", true, false, false, Table(("x-message-ttl", 60_000), ("x-dead-letter-exchange", "events")), cancellationToken: Cancellation);
        await channel.QueueBindAsync("orders", "events", "orders.#", cancellationToken: Cancellation);
        await channel.QueueBindAsync("mails", "more", "", Table(("x-match", "all"), ("n", 5)), cancellationToken: Cancellation);
    }

    private static Dictionary<string, object?> Table(params (string Name, object Value)[] arguments) =>
        arguments.ToDictionary(argument => argument.Name, argument => (object?)argument.Value);

    private static ConnectionFactory FactoryOf(int port) =>
        new() { HostName = "127.0.0.1", Port = port, UserName = "alice", Password = "secret", VirtualHost = "shop" };

    /// <summary>The password that was set at the first logs in everywhere, and a message finds its way.</summary>
    private static async Task UseAsync(int port)
    {
        await using IConnection connection = await FactoryOf(port).CreateConnectionAsync(Cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), Cancellation);
        await channel.BasicPublishAsync("events", "orders.1", true, "x"u8.ToArray(), Cancellation);
        Assert.NotNull(await Eventually.GetAsync("the message", async () => await channel.BasicGetAsync("orders", true, Cancellation), Cancellation));
    }

    private static async Task<JsonNode> ExportAsync(int port, string file)
    {
        await AdminAsync(port, "export", file);
        return JsonNode.Parse(await File.ReadAllTextAsync(file, Cancellation))!;
    }

    private static async Task<string> AdminAsync(int port, params string[] arguments)
    {
        string program = Need.DebianFile("/usr/bin/rabbitmqadmin", "rabbitmq-server");
        (int exitCode, string output) = await ChildProcess.RunAsync(
            Need.Python, [program, "--host=127.0.0.1", $"--port={port}", .. arguments], Cancellation);
        Assert.True(exitCode == 0, $"rabbitmqadmin {string.Join(' ', arguments)}: {output}");
        return output;
    }

    private static string[] Names(JsonNode document, string list) =>
        [.. document[list]!.AsArray().Select(item => (string)item!["name"]!).Order(StringComparer.Ordinal)];

    // Members in the order of their names, at every depth: each side writes them in its own.
    private static string[] Sorted(JsonNode document, string list) =>
        [.. document[list]!.AsArray().Select(item => Sorted(item)!.ToJsonString()).Order(StringComparer.Ordinal)];

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member =>
            KeyValuePair.Create(member.Key, Sorted(member.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
