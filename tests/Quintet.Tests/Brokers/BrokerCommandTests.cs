using System.Text;
using System.Text.Json.Nodes;
using Quintet.Broker;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Quintet.Tests.Brokers;

public sealed class BrokerCommandTests : IAsyncLifetime
{
    private QuintetBroker _broker = null!;
    private IConnection _connection = null!;
    private IChannel _channel = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Url => $"http://guest:guest@127.0.0.1:{_broker.ManagementUrl.Port}";

    public async ValueTask InitializeAsync()
    {
        _broker = await QuintetBroker.StartAsync(cancellationToken: Stop);
        _connection = await new ConnectionFactory { Uri = _broker.AmqpUrl, AutomaticRecoveryEnabled = false }.CreateConnectionAsync(Stop);
        _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(true, true), Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Queues_are_listed_for_people_and_for_scripts()
    {
        await DeclareAsync("orders");
        await SendAsync("orders", "one");

        (int code, string table) = await RunAsync("queues", "--url", Url);
        (_, string json) = await RunAsync("queues", "--url", Url, "--output", "json");
        (_, string one) = await RunAsync("queue", "orders", "--url", Url, "--output", "json");

        Assert.Equal(0, code);
        Assert.Contains("READY", table, StringComparison.Ordinal);
        JsonNode row = JsonNode.Parse(json)!.AsArray().Single()!;
        Assert.Equal(("orders", 1), ((string)row["queue"]!, (int)row["ready"]!));
        Assert.Equal("classic", (string?)JsonNode.Parse(one)!["type"]);
    }

    [Fact]
    public async Task A_purge_without_consent_removes_nothing()
    {
        await DeclareAsync("orders");
        await SendAsync("orders", "one");

        (int refused, string words) = await RunAsync("purge", "orders", "--url", Url);
        uint kept = await _channel.MessageCountAsync("orders", Stop);
        (int done, _) = await RunAsync("purge", "orders", "--url", Url, "--yes");

        Assert.Equal(6, refused);
        Assert.Contains("--yes", words, StringComparison.Ordinal);
        Assert.Equal((1u, 0, 0u), (kept, done, await _channel.MessageCountAsync("orders", Stop)));
    }

    [Fact]
    public async Task Exit_codes_tell_what_is_wrong()
    {
        Assert.Equal(3, (await RunAsync("queue", "nobody", "--url", Url)).Code);
        Assert.Equal(5, (await RunAsync("queues", "--url", "http://127.0.0.1:1")).Code);
        Assert.Equal(6, (await RunAsync("queues", "--url", $"http://guest:wrong@127.0.0.1:{_broker.ManagementUrl.Port}")).Code);
        Assert.Equal(2, (await RunAsync("queues", "--url", "nonsense")).Code);
        Assert.Equal(2, (await RunAsync("policies", "set", "p", ".*", "[]", "--url", Url)).Code);
        Assert.Equal(3, (await RunAsync("redrive", "nobody", "--url", Url, "--amqp", $"{_broker.AmqpUrl}")).Code);
        Assert.Equal(5, (await RunAsync("redrive", "orders", "--url", Url, "--amqp", "amqp://127.0.0.1:1")).Code);
    }

    [Fact]
    public async Task A_connection_is_listed_and_closed()
    {
        TaskCompletionSource<ushort> closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _connection.ConnectionShutdownAsync += (_, why) => Task.FromResult(closed.TrySetResult(why.ReplyCode));

        (_, string json) = await RunAsync("connections", "--url", Url, "--output", "json");
        string name = (string)JsonNode.Parse(json)!.AsArray().Single()!["connection"]!;
        (int code, _) = await RunAsync("connections", "close", name, "--url", Url);

        Assert.Equal((0, 320), (code, await closed.Task.WaitAsync(Stop)));
    }

    [Fact]
    public async Task Dead_letters_go_back_to_where_they_died_without_the_marks_of_their_deaths()
    {
        await DeclareAsync("orders.dead");
        await DeclareAsync("orders", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "orders.dead"));
        for (int i = 0; i < 3; i++) await SendAsync("orders", $"{i}");
        while (await _channel.BasicGetAsync("orders", false, Stop) is { } got) await _channel.BasicRejectAsync(got.DeliveryTag, false, Stop);
        await Eventually.TrueAsync("three dead", async () => await _channel.MessageCountAsync("orders.dead", Stop) == 3, Stop);
        await SendAsync("orders.dead", "no death");

        (int looked, string dry) = await RedriveAsync("orders.dead", "--dry-run", "--output", "json");
        Assert.Equal(4u, await ReadyAsync("orders.dead", 4));
        (int first, _) = await RedriveAsync("orders.dead", "--limit", "1");
        Assert.Equal(3u, await ReadyAsync("orders.dead", 3));
        (int rest, string said) = await RedriveAsync("orders.dead");

        Assert.Equal((1, 0, 1), (looked, first, rest));
        Assert.Equal(3, (int)JsonNode.Parse(dry.Split('\n').First(line => line.StartsWith('[')))!.AsArray()[0]!["messages"]!);
        Assert.Contains("--to", said, StringComparison.Ordinal);
        Assert.Equal(1u, await ReadyAsync("orders.dead", 1));
        for (int i = 0; i < 3; i++)
        {
            BasicGetResult back = (await _channel.BasicGetAsync("orders", true, Stop))!;
            Assert.Equal($"{i}", Encoding.UTF8.GetString(back.Body.Span));
            Assert.DoesNotContain("x-death", back.BasicProperties.Headers?.Keys ?? []);
            Assert.Equal("kept", Encoding.UTF8.GetString((byte[])back.BasicProperties.Headers!["own"]!));
        }
    }

    [Fact]
    public async Task A_dead_letter_of_a_service_is_shown_and_goes_back_with_its_identity_and_its_trace()
    {
        const string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        await DeclareAsync("orders.dead");
        await DeclareAsync("orders");
        await GiveUpAsync("event-1", trace);
        await GiveUpAsync("event-2", trace);

        (int shown, string letters) = await DeadLettersAsync("show", "orders.dead", "--url", Url, "--bodies", "--output", "json");
        (int missing, string said) = await DeadLettersAsync("redrive", "orders.dead", "--amqp", $"{_broker.AmqpUrl}", "--id", "nobody");
        (int done, _) = await DeadLettersAsync("redrive", "orders.dead", "--amqp", $"{_broker.AmqpUrl}", "--id", "event-2");

        JsonNode first = JsonNode.Parse(letters)![0]!;
        Assert.Equal((0, 1, 0), (shown, missing, done));
        Assert.Equal(("event-1", "orders", "TimeoutException", "too slow"),
            ((string?)first["id"], (string?)first["diedIn"], (string?)first["reason"], (string?)first["text"]));
        Assert.Equal((5, trace, "body of event-1"), ((int)first["attempts"]!, (string?)first["traceparent"], (string?)first["body"]));
        Assert.Contains("there is no message 'nobody'", said, StringComparison.Ordinal);
        BasicGetResult back = (await _channel.BasicGetAsync("orders", true, Stop))!;
        Assert.Equal(("event-2", "body of event-2"), (back.BasicProperties.MessageId, Encoding.UTF8.GetString(back.Body.Span)));
        Assert.Equal(trace, Encoding.ASCII.GetString((byte[])back.BasicProperties.Headers!["traceparent"]!));
        Assert.DoesNotContain(back.BasicProperties.Headers.Keys, header => header.StartsWith("x-quintet-", StringComparison.Ordinal));
        Assert.Equal(1u, await ReadyAsync("orders.dead", 1));
    }

    [Fact]
    public async Task Dead_letters_are_thrown_away_by_name_or_all_and_not_without_consent()
    {
        await DeclareAsync("orders.dead");
        foreach (string id in (string[])["a", "b", "c"]) await GiveUpAsync(id, "");

        (int refused, _) = await DeadLettersAsync("discard", "orders.dead", "--amqp", $"{_broker.AmqpUrl}");
        Assert.Equal(3u, await ReadyAsync("orders.dead", 3));
        (int one, _) = await DeadLettersAsync("discard", "orders.dead", "--amqp", $"{_broker.AmqpUrl}", "--id", "b", "--yes");
        (int gone, _) = await DeadLettersAsync("discard", "orders.dead", "--amqp", $"{_broker.AmqpUrl}", "--id", "b", "--yes");
        Assert.Equal(2u, await ReadyAsync("orders.dead", 2));
        (int all, _) = await DeadLettersAsync("discard", "orders.dead", "--amqp", $"{_broker.AmqpUrl}", "--yes");

        Assert.Equal((6, 0, 3, 0), (refused, one, gone, all));
        Assert.Equal(0u, await _channel.MessageCountAsync("orders.dead", Stop));
    }

    [Fact]
    public async Task A_dead_letter_whose_queue_is_gone_stays()
    {
        await DeclareAsync("orders.dead");
        await SendAsync("orders.dead", "one");

        (int code, string said) = await RedriveAsync("orders.dead", "--to", "gone");

        Assert.Equal(1, code);
        Assert.Contains("there is no queue 'gone'", said, StringComparison.Ordinal);
        Assert.Equal(1u, await ReadyAsync("orders.dead", 1));
    }

    [Fact]
    public async Task A_shovel_moves_a_queue_to_another_broker_whole_though_that_one_restarts()
    {
        const int count = 2000;
        await using QuintetBroker other = await QuintetBroker.StartAsync(cancellationToken: Stop);
        await using IConnection there = await new ConnectionFactory { Uri = other.AmqpUrl }.CreateConnectionAsync(Stop);
        await using (IChannel declaring = await there.CreateChannelAsync(cancellationToken: Stop))
            await declaring.QueueDeclareAsync("orders", true, false, false, cancellationToken: Stop);
        await DeclareAsync("orders");
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => SendAsync("orders", $"{i}")));

        await using ChildProcess shovel = ChildProcess.Start(Systems.CommandLineProcess.Executable,
            ["broker", "shovel", "--from", $"{_broker.AmqpUrl}", "--queue", "orders", "--to", $"{other.AmqpUrl}", "--until-empty"],
            AppContext.BaseDirectory);
        await Eventually.TrueAsync("it has begun", async () => await _channel.MessageCountAsync("orders", Stop) < count - 300 || shovel.HasExited, Stop);
        await other.RestartAsync(Stop);
        await shovel.WaitAsync(Stop);

        Assert.True(shovel.ExitCode == 0, shovel.Output);
        Assert.Equal(0u, await _channel.MessageCountAsync("orders", Stop));
        await using IConnection after = await new ConnectionFactory { Uri = other.AmqpUrl }.CreateConnectionAsync(Stop);
        await using IChannel reading = await after.CreateChannelAsync(cancellationToken: Stop);
        HashSet<string> bodies = [];
        while (await reading.BasicGetAsync("orders", true, Stop) is { } got) bodies.Add(Encoding.UTF8.GetString(got.Body.Span));
        Assert.Equal(count, bodies.Count);
    }

    [Fact]
    public async Task A_shovel_to_nowhere_says_so_and_leaves_everything()
    {
        await DeclareAsync("orders");
        await SendAsync("orders", "one");

        (int code, string said) = await RunAsync(
            "shovel", "--from", $"{_broker.AmqpUrl}", "--queue", "orders", "--to", $"{_broker.AmqpUrl}", "--to-queue", "gone", "--until-empty");

        Assert.Equal(1, code);
        Assert.Contains("stay at the source", said, StringComparison.Ordinal);
        Assert.Equal(1u, await ReadyAsync("orders", 1));
    }

    /// <summary>A message as a service on the chassis leaves it when it gives up.</summary>
    private async Task GiveUpAsync(string id, string trace) => await _channel.BasicPublishAsync("", "orders.dead", true, new BasicProperties
    {
        MessageId = id,
        Headers = new Dictionary<string, object?>
        {
            ["traceparent"] = Encoding.ASCII.GetBytes(trace),
            ["x-quintet-attempt"] = 5,
            ["x-quintet-queue"] = "orders",
            ["x-quintet-reason"] = "TimeoutException",
            ["x-quintet-reason-text"] = "too slow",
        },
    }, Encoding.UTF8.GetBytes($"body of {id}"), Stop);

    [Fact]
    public async Task A_redrive_that_is_killed_loses_no_letter_and_the_next_one_ends_it()
    {
        await DeclareAsync("orders");
        await DeclareAsync("orders.dead");
        string[] ids = [.. Enumerable.Range(0, 2000).Select(i => $"m-{i}")];
        await Task.WhenAll(ids.Select(id => GiveUpAsync(id, "")));

        string[] words = ["deadletters", "redrive", "orders.dead", "--amqp", $"{_broker.AmqpUrl}"];
        await using (ChildProcess killed = ChildProcess.Start(Systems.CommandLineProcess.Executable, words, AppContext.BaseDirectory))
        {
            await Eventually.TrueAsync("some have moved", async () => await _channel.MessageCountAsync("orders", Stop) > 10, Stop, () => killed.Output);
            Signal.Kill(killed.Id);
            await killed.WaitAsync(Stop);
        }

        (int code, string output) = await RunWordsAsync(words);

        Assert.True(code == 0, output);
        HashSet<string> back = [];
        while (await _channel.BasicGetAsync("orders", true, Stop) is { } letter) back.Add(letter.BasicProperties.MessageId!);
        Assert.Equal(ids.Order(), back.Order());
        Assert.Equal(0u, await _channel.MessageCountAsync("orders.dead", Stop));
    }

    private static Task<(int Code, string Output)> DeadLettersAsync(params string[] arguments) => RunWordsAsync(["deadletters", .. arguments]);

    private Task<(int Code, string Output)> RedriveAsync(string queue, params string[] more) =>
        RunAsync(["redrive", queue, "--amqp", $"{_broker.AmqpUrl}", .. more]);

    private static Task<(int Code, string Output)> RunAsync(params string[] arguments) => RunWordsAsync(["broker", .. arguments]);

    private static async Task<(int Code, string Output)> RunWordsAsync(string[] words)
    {
        await using ChildProcess process = ChildProcess.Start(Systems.CommandLineProcess.Executable, words, AppContext.BaseDirectory);
        await process.WaitAsync(Stop);
        return (process.ExitCode, process.Output);
    }

    private Task DeclareAsync(string queue, params (string Name, object? Value)[] arguments) =>
        _channel.QueueDeclareAsync(queue, true, false, false, arguments.ToDictionary(a => a.Name, a => a.Value), cancellationToken: Stop);

    private async Task SendAsync(string queue, string body)
    {
        BasicProperties properties = new() { Persistent = true, Headers = new Dictionary<string, object?> { ["own"] = "kept" } };
        await _channel.BasicPublishAsync("", queue, true, properties, Encoding.UTF8.GetBytes(body), Stop);
    }

    // What a command looked at comes back when the broker has seen its channel's end.
    private async Task<uint> ReadyAsync(string queue, uint expected)
    {
        await Eventually.TrueAsync($"{expected} ready", async () => await _channel.MessageCountAsync(queue, Stop) == expected, Stop);
        return expected;
    }
}
