using System.Text.Json.Nodes;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Conformance.Broker.Commands;

/// <summary><c>quintet broker …</c> looks into a RabbitMQ as it does into the broker: the same words, rows and codes.</summary>
public sealed class BrokerCommandsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commands_do_the_same_at_the_broker_and_at_RabbitMQ()
    {
        await using RabbitProcess rabbit = await RabbitProcess.StartAsync(Cancellation);
        await using BoxProcess box = await BoxProcess.StartAsync("broker", Cancellation);
        foreach (Operator at in (Operator[])[new(box.Port, box.ManagementPort), new(rabbit.Port, rabbit.ManagementPort)])
        {
            await at.LookAsync();
            await at.RedriveAsync();
            await at.ChangeAsync();
            await at.FailAsync();
        }
    }

    [Fact]
    public async Task What_is_exported_at_one_is_imported_at_the_other_and_a_faulty_file_is_refused()
    {
        using TempFolder folder = new();
        await using RabbitProcess rabbit = await RabbitProcess.StartAsync(Cancellation);
        await using BoxProcess box = await BoxProcess.StartAsync("broker", Cancellation);
        Operator ours = new(box.Port, box.ManagementPort), theirs = new(rabbit.Port, rabbit.ManagementPort);
        await new BrokerQueue(box.Port, "orders").DeclareAsync(("x-message-ttl", 60_000));
        await File.WriteAllTextAsync(folder["bad.json"], """{"queues":[{"name":"x","vhost":"nowhere","durable":true,"arguments":{}}]}""", Cancellation);

        await ours.DoneAsync("export", folder["ours.json"]);
        await theirs.DoneAsync("import", folder["ours.json"]);
        await theirs.DoneAsync("export", folder["theirs.json"]);
        await ours.DoneAsync("import", folder["theirs.json"]);

        Assert.Equal("orders", (string)JsonNode.Parse(await theirs.DoneAsync("queue", "orders", "--output", "json"))!["queue"]!);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["ours.json"]));
        foreach (Operator at in (Operator[])[ours, theirs])
        {
            (int code, _, string errors) = await at.RunAsync("import", folder["bad.json"]);
            Assert.Equal(2, code);
            Assert.Contains("/api/definitions: 400", errors, StringComparison.Ordinal);
            Assert.Equal(3, (await at.RunAsync("import", folder["none.json"])).Code);
        }
    }

    /// <summary>A broker at two ports, and what is done with it.</summary>
    private sealed class Operator(int port, int management)
    {
        private readonly BrokerQueue _orders = new(port, "orders"), _dead = new(port, "orders.dead");

        public async Task LookAsync()
        {
            await _dead.DeclareAsync();
            await _orders.DeclareAsync(("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "orders.dead"));
            await _orders.FillAsync(5, properties => properties.MessageId = "m1");

            await Eventually.TrueAsync("five are counted", async () => (await RowsAsync("queues"))
                .Any(row => (string)row["queue"]! == "orders" && (int)row["ready"]! == 5), Cancellation);
            Assert.Contains("VHOST", await DoneAsync("queues"), StringComparison.Ordinal);
            JsonNode one = JsonNode.Parse(await DoneAsync("queue", "orders", "--output", "json"))!;
            Assert.Equal(("classic", true), ((string)one["type"]!, (bool)one["durable"]!));
            Assert.Equal("orders.dead", (string)one["arguments"]!["x-dead-letter-routing-key"]!);
            for (int look = 0; look < 2; look++)
                Assert.Equal(["0", "1", "2"], (await RowsAsync("messages", "orders", "--limit", "3", "--bodies")).Select(row => (string)row["body"]!));
            Assert.DoesNotContain("body", (await RowsAsync("messages", "orders"))[0].Select(cell => cell.Key));
        }

        public async Task RedriveAsync()
        {
            await _orders.RejectAllAsync();
            await Eventually.TrueAsync("five are dead", async () => await _dead.CountAsync() == 5, Cancellation);
            await Eventually.TrueAsync("five dead are counted", async () => (await RowsAsync("dead-letters"))
                .Any(row => (string)row["queue"]! == "orders.dead" && (int)row["messages"]! == 5), Cancellation);
            Assert.Equal("5 rejected in orders", (string?)(await RowsAsync("dead-letters"))[0]["died"]);

            Assert.Equal(5, (int)(await RowsAsync("redrive", "orders.dead", "--dry-run"))[0]["messages"]!);
            await Eventually.TrueAsync("five are back", async () => await _dead.CountAsync() == 5, Cancellation);
            await DoneAsync("redrive", "orders.dead", "--limit", "2");
            await DoneAsync("redrive", "orders.dead");

            List<BasicGetResult> back = await _orders.DrainAsync();
            Assert.Equal(Enumerable.Range(0, 5), back.Select(BrokerQueue.NumberOf));
            Assert.All(back, message => Assert.Equal("m1", message.BasicProperties.MessageId));
            Assert.All(back, message => Assert.DoesNotContain("x-death", message.BasicProperties.Headers?.Keys ?? []));
        }

        public async Task ChangeAsync()
        {
            await DoneAsync("vhosts", "add", "shop");
            await DoneAsync("policies", "set", "long", "^orders", """{"max-length":1000}""", "--apply-to", "queues", "--priority", "3", "--vhost", "shop");
            Assert.Equal("""{"max-length":1000}""", (string)(await RowsAsync("policies")).Single()["definition"]!);
            await DoneAsync("permissions", "set", "guest", ".*", ".*", "^orders", "--vhost", "shop");
            Assert.Contains(await RowsAsync("permissions"), row => (string)row["vhost"]! == "shop" && (string)row["read"]! == "^orders");
            Assert.Contains(await RowsAsync("users"), row => (string)row["user"]! == "guest" && (string)row["tags"]! == "administrator");
            await DoneAsync("policies", "remove", "long", "--vhost", "shop");
            await DoneAsync("permissions", "remove", "guest", "--vhost", "shop");
            await DoneAsync("vhosts", "remove", "shop", "--yes");
            Assert.Equal(["/"], (await RowsAsync("vhosts")).Select(row => (string)row["vhost"]!));
        }

        public async Task FailAsync()
        {
            await RefusedAsync(3, "there is no queue 'nobody' in virtual host '/'", "queue", "nobody");
            await RefusedAsync(3, "there is no queue 'nobody'", "messages", "nobody");
            await RefusedAsync(3, "there is no queue 'nobody'", "purge", "nobody", "--yes");
            await RefusedAsync(3, "no queue 'nobody'", "redrive", "nobody");
            await RefusedAsync(3, "there is no user 'nobody'", "users", "remove", "nobody");
            await RefusedAsync(3, "there is no virtual host 'nowhere'", "vhosts", "remove", "nowhere", "--yes");
            await RefusedAsync(3, "there is no policy 'none'", "policies", "remove", "none");
            await RefusedAsync(3, "there is no connection 'none'", "connections", "close", "none");
            await RefusedAsync(2, "-1 is not a valid maximum length", "policies", "set", "p", "^q", """{"max-length":-1}""");
            await RefusedAsync(2, "no JSON object", "policies", "set", "p", "^q", "[]");
            await RefusedAsync(2, "--limit", "messages", "orders", "--limit", "0");
            await RefusedAsync(6, "--yes", "purge", "orders");
            Assert.Equal(6, (await CommandAsync("queues", "--url", $"http://guest:wrong@127.0.0.1:{management}")).Code);
        }

        /// <summary>What it wrote; it had to succeed.</summary>
        public async Task<string> DoneAsync(params string[] arguments)
        {
            (int code, string output, string errors) = await RunAsync(arguments);
            Assert.True(code == 0, $"{string.Join(' ', arguments)}: {code} {errors}");
            return output;
        }

        public Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) => CommandAsync(
            [.. arguments, "--url", $"http://guest:guest@127.0.0.1:{management}", .. arguments[0] == "redrive" ? (string[])["--amqp", _orders.Url] : []]);

        private async Task<List<JsonObject>> RowsAsync(params string[] arguments) =>
            [.. JsonNode.Parse(await DoneAsync([.. arguments, "--output", "json"]))!.AsArray().Select(row => row!.AsObject())];

        private async Task RefusedAsync(int wanted, string words, params string[] arguments)
        {
            (int code, string output, string errors) = await RunAsync(arguments);
            Assert.True(code == wanted, $"{string.Join(' ', arguments)}: {code} {errors}");
            Assert.Contains(words, errors, StringComparison.Ordinal);
            Assert.Empty(output);
        }

        private static async Task<(int Code, string Output, string Errors)> CommandAsync(params string[] arguments) =>
            await QuintetCommand.RunAsync(["broker", .. arguments], Cancellation);
    }
}
