using System.Net;
using System.Text.Json.Nodes;
using Quintet.Broker.Access;
using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Tests.Systems;
using Quintet.Broker.Topology;
using Quintet.TestKit.Files;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.People;

public class DefinitionsTravel
{
    private static readonly string[] Lists =
        ["users", "vhosts", "permissions", "topic_permissions", "parameters", "policies", "exchanges", "queues", "bindings"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_one_exports_another_imports_once_or_twice()
    {
        await using RunningBroker from = await RunningBroker.StartAsync();
        await FillAsync(from);
        using HttpClient source = from.Management();
        string exported = await source.SendAsync(HttpStatusCode.OK, "GET", "definitions");
        await using RunningBroker to = await RunningBroker.StartAsync();
        using HttpClient target = to.Management();

        await target.SendAsync(HttpStatusCode.NoContent, "POST", "definitions", exported);
        await target.SendAsync(HttpStatusCode.NoContent, "POST", "definitions", exported);

        JsonNode wanted = JsonNode.Parse(exported)!, got = JsonNode.Parse(await target.SendAsync(HttpStatusCode.OK, "GET", "definitions"))!;
        foreach (string list in Lists) Assert.Equal(Sorted(wanted, list), Sorted(got, list));
        Assert.Equal(2, wanted["queues"]!.AsArray().Count);
        Assert.NotNull(to.Part<Users>().Login("alice", "secret"));
        ConnectionFactory factory = to.Factory("alice", "secret");
        factory.VirtualHost = "v";
        await using IConnection connection = await factory.CreateConnectionAsync(Stop);
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.BasicPublishAsync("x", "k.1", true, "routed"u8.ToArray(), Stop);
        Assert.NotNull(await channel.BasicGetAsync("q", true, Stop));
    }

    [Fact]
    public async Task One_virtual_hosts_part_goes_into_another()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await FillAsync(broker);
        using HttpClient http = broker.Management();
        string exported = await http.SendAsync(HttpStatusCode.OK, "GET", "definitions/v");
        await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/w");

        await http.SendAsync(HttpStatusCode.NoContent, "POST", "definitions/w", exported);

        JsonNode wanted = JsonNode.Parse(exported)!, got = JsonNode.Parse(await http.SendAsync(HttpStatusCode.OK, "GET", "definitions/w"))!;
        foreach (string list in (string[])["parameters", "policies", "exchanges", "queues", "bindings"]) Assert.Equal(Sorted(wanted, list), Sorted(got, list));
        Assert.Null(wanted["users"]);
        Assert.Equal("vhost_not_found", await http.RefusedAsync("GET", "definitions/none"));
        Assert.Equal("vhost_not_found", await http.RefusedAsync("POST", "definitions/none", new { }, HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task Every_fault_is_reported_and_then_nothing_is_changed()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        string before = await http.SendAsync(HttpStatusCode.OK, "GET", "definitions");

        string reason = await http.RefusedAsync("POST", "definitions", """
            {
              "users": [{"name": "good", "tags": ""}, {"name": "tagless"}, {"name": "bad", "tags": "", "password_hash": "!"}, 7],
              "vhosts": [{"name": "new"}, {"name": "typed", "default_queue_type": "bogus"}],
              "permissions": [{"user": "nobody", "vhost": "/", "configure": "", "write": "", "read": ""},
                {"user": "good", "vhost": "/", "configure": "(", "write": "", "read": ""}],
              "parameters": [{"component": "shovel", "vhost": "/", "name": "s", "value": {}}],
              "policies": [{"vhost": "/", "name": "p", "pattern": "(", "definition": {"max-length": 1}}],
              "exchanges": [{"name": "e", "vhost": "/", "type": "bogus"}],
              "queues": [{"name": "a", "vhost": "nowhere"}, {"name": "b", "vhost": "/", "durable": true, "arguments": {"x-max-length": "x"}}, {"vhost": "/"}],
              "bindings": [{"source": "amq.topic", "vhost": "/", "destination": "b", "destination_type": "bogus"}],
              "topic_permissions": 5
            }
            """);

        foreach (string part in (string[])["users[1]: tags_not_present", "users[2]: password_hash", "users[3]: not an object", "vhosts[1]: unsupported",
            "permissions[1]: invalid_regexp", "no_such_user: nobody", "parameters[0]: component shovel not found", "policies[0]: Validation failed",
            "exchanges[0]: unknown exchange type 'bogus'", "no_such_vhost: nowhere", "queues[1]: invalid arg 'x-max-length' for queue 'b' in vhost '/'",
            "queues[2]: [{key_missing,name}]", "bindings[0]: unknown destination_type", "topic_permissions: not a list"])
            Assert.Contains(part, reason);
        Assert.Equal(before, await http.SendAsync(HttpStatusCode.OK, "GET", "definitions"));
        foreach (string text in (string[])["xx", "[]", "5", "{\"a\":1,\"a\":2,\"users\":[]"])
            Assert.Equal("failed_to_parse_json", await http.RefusedAsync("POST", "definitions", text));
    }

    [Theory]
    [InlineData("amq.headers", """{"x-match":"most"}""", "", "Invalid x-match field value")]
    [InlineData("hashing", "{}", "heavy", "The binding key must be an integer")]
    [InlineData("delayed", """{"x-match":7}""", "", "Invalid x-match field type")]
    [InlineData("local", "{}", "key", "Non empty binding 'key' key not permitted")]
    public async Task A_binding_that_cannot_be_is_found_before_anything_is_changed(string source, string arguments, string key, string fault)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        string before = await http.SendAsync(HttpStatusCode.OK, "GET", "definitions");

        string reason = await http.RefusedAsync("POST", "definitions", $$$"""
            {
              "users": [{"name":"new","password_hash":"","tags":""}], "vhosts": [{"name":"new"}],
              "exchanges": [
                {"name":"hashing","vhost":"new","type":"x-consistent-hash","durable":true},
                {"name":"local","vhost":"new","type":"x-local-random","durable":true},
                {"name":"delayed","vhost":"new","type":"x-delayed-message","durable":true,"arguments":{"x-delayed-type":"headers"}}],
              "queues": [{"name":"q","vhost":"new","durable":true}],
              "bindings": [
                {"source":"{{{source}}}","vhost":"new","destination":"q","destination_type":"queue","routing_key":"{{{key}}}","arguments":{{{arguments}}}}]
            }
            """);

        Assert.Contains($"binding from exchange '{source}' to 'q' in vhost 'new': {fault}", reason);
        Assert.Equal(before, await http.SendAsync(HttpStatusCode.OK, "GET", "definitions"));
    }

    [Fact]
    public async Task Queues_beyond_a_limit_in_the_same_file_are_found_before_anything_is_changed()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();

        string reason = await http.RefusedAsync("POST", "definitions", """
            {
              "vhosts": [{"name":"new"}],
              "parameters": [{"component":"vhost-limits","vhost":"new","name":"limits","value":{"max-queues":1}}],
              "queues": [{"name":"a","vhost":"new","durable":true},{"name":"b","vhost":"new","durable":true}]
            }
            """);

        Assert.Contains("would exceed the limit of 1 queue(s)", reason);
        await http.SendAsync(HttpStatusCode.NotFound, "GET", "vhosts/new");
    }

    [Fact]
    public async Task Many_users_share_a_sync_and_come_with_their_rights()
    {
        const int count = 2000;
        using TempFolder folder = new();
        CountingDisk disk = new(new FileDisk(folder["data"]));
        await using RunningBroker broker = await RunningBroker.StartOverAsync(disk);
        using HttpClient http = broker.Management();
        JsonArray users = [], permissions = [];
        for (int i = 0; i < count; i++)
        {
            users.Add(new JsonObject { ["name"] = $"u{i}", ["password"] = "secret", ["tags"] = "" });
            permissions.Add(new JsonObject { ["user"] = $"u{i}", ["vhost"] = "/", ["configure"] = "", ["write"] = ".*", ["read"] = "" });
        }

        int before = disk.Syncs;
        JsonObject document = new() { ["users"] = users, ["permissions"] = permissions };
        await http.SendAsync(HttpStatusCode.NoContent, "POST", "definitions", document.ToJsonString());

        // One for each would be twice as many as users; how many share one is up to the disk, and the log is written anew meanwhile.
        Assert.InRange(disk.Syncs - before, 1, count / 4);
        Assert.Equal(count + 1, (await http.JsonAsync("permissions")).GetArrayLength());
        await using IConnection connection = await broker.ConnectAsync("u1999", "secret");
    }

    [Fact]
    public async Task A_file_is_loaded_at_each_start_and_closes_the_default_guest()
    {
        using TempFolder folder = new();
        string file = folder["definitions.json"];
        await using (RunningBroker from = await RunningBroker.StartAsync())
        {
            using HttpClient http = from.Management();
            await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/v");
            await http.UserAsync("alice", "v", "administrator");
            JsonNode document = JsonNode.Parse(await http.SendAsync(HttpStatusCode.OK, "GET", "definitions"))!;
            foreach (string list in (string[])["users", "permissions"])
                foreach (JsonNode? guest in document[list]!.AsArray().Where(item => ((string?)item!["user"] ?? (string?)item["name"]) == "guest").ToArray())
                    document[list]!.AsArray().Remove(guest);
            await File.WriteAllTextAsync(file, document.ToJsonString(), Stop);
        }

        for (int start = 0; start < 2; start++)
        {
            await using RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"], ("Broker:Definitions", file));
            Assert.NotNull(broker.Part<Users>().Login("alice", "secret"));
            Assert.Null(broker.Part<Users>().Login("guest", "guest"));
            Assert.NotNull(broker.Part<BrokerNode>().FindVhost("v"));
        }

        await File.WriteAllTextAsync(file, """{"queues":[{"vhost":"/"}]}""", Stop);
        ChangeRefusedException refused = await Assert.ThrowsAsync<ChangeRefusedException>(() =>
            RunningBroker.StartOverAsync(folder["other"], ("Broker:Definitions", file)));
        Assert.Contains("queues[0]: [{key_missing,name}]", refused.Message);
    }

    private static async Task FillAsync(RunningBroker broker)
    {
        using HttpClient http = broker.Management();
        await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/v", new { description = "one", tags = "a" });
        await http.UserAsync("alice", "v", "administrator");
        await http.SendAsync(HttpStatusCode.Created, "PUT", "topic-permissions/v/alice", new { exchange = "x", write = "^k", read = "" });
        await http.SendAsync(HttpStatusCode.NoContent, "PUT", "vhost-limits/v/max-queues", new { value = 50 });
        await http.SendAsync(HttpStatusCode.Created, "PUT", "policies/v/p", new Dictionary<string, object>
            { ["pattern"] = "^q", ["definition"] = new Dictionary<string, object> { ["max-length"] = 5 }, ["apply-to"] = "queues", ["priority"] = 3 });
        await http.SendAsync(HttpStatusCode.Created, "PUT", "operator-policies/v/op", new Dictionary<string, object>
            { ["pattern"] = "^q", ["definition"] = new Dictionary<string, object> { ["max-length"] = 50 } });
        ConnectionFactory factory = broker.Factory();
        factory.VirtualHost = "v";
        await using IConnection connection = await factory.CreateConnectionAsync(Stop);
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.ExchangeDeclareAsync("x", "topic", true, cancellationToken: Stop);
        await channel.ExchangeDeclareAsync("y", "headers", true, false, new Dictionary<string, object?> { ["alternate-exchange"] = "x" },
            cancellationToken: Stop);
        await channel.QueueAsync("q", ("x-queue-type", "quorum"), ("x-delivery-limit", 7));
        await channel.QueueAsync("c", ("x-message-ttl", 60_000), ("x-dead-letter-exchange", "x"));
        await channel.QueueDeclareAsync("mine", false, true, true, cancellationToken: Stop);
        await channel.QueueBindAsync("q", "x", "k.#", cancellationToken: Stop);
        await channel.QueueBindAsync("c", "y", "", new Dictionary<string, object?> { ["x-match"] = "all", ["n"] = 5 }, cancellationToken: Stop);
        await channel.ExchangeBindAsync("x", "amq.topic", "#", cancellationToken: Stop);
    }

    private static string[] Sorted(JsonNode document, string list) =>
        [.. document[list]!.AsArray().Select(item => item!.ToJsonString()).Order(StringComparer.Ordinal)];
}
