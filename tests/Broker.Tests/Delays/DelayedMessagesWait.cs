using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.Delays;

public class DelayedMessagesWait
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_waits_for_its_delay_and_says_so_by_the_sign()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel);
        long sent = Stopwatch.GetTimestamp();

        await PublishAsync(channel, "later", 400);
        await PublishAsync(channel, "now", null);
        await PublishAsync(channel, "was delayed before", -400);

        Assert.Equal(["now", "was delayed before"], await channel.DrainAsync("q"));
        BasicGetResult got = await channel.AwaitAsync("q");
        Assert.True(Stopwatch.GetElapsedTime(sent) >= TimeSpan.FromMilliseconds(399));
        Assert.Equal("later", Encoding.UTF8.GetString(got.Body.Span));
        Assert.Equal(-400, got.BasicProperties.Headers!["x-delay"]);
        Assert.Equal(("delayed", "key"), (got.Exchange, got.RoutingKey));
    }

    [Theory]
    [InlineData("60")]
    [InlineData(60.9)]
    [InlineData((short)60)]
    [InlineData(60L)]
    public async Task The_delay_may_be_any_kind_of_number(object delay)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel);

        await PublishAsync(channel, "later", delay);

        Assert.Equal(-60, (await channel.AwaitAsync("q")).BasicProperties.Headers!["x-delay"]);
    }

    [Fact]
    public async Task Delays_above_the_limit_and_of_no_number_do_not_delay_and_words_are_refused()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel);

        await PublishAsync(channel, "too long", 4294967296L);
        await PublishAsync(channel, "no number", true);
        await PublishAsync(channel, "none", 0);

        Assert.Equal(["too long", "no number", "none"], await channel.DrainAsync("q"));
        await Assert.ThrowsAnyAsync<Exception>(() => PublishAsync(channel, "word", "soon").AsTask());
        Assert.Equal("PRECONDITION_FAILED - invalid header 'x-delay': 'soon' is no integer", channel.CloseReason!.ReplyText);
    }

    [Fact]
    public async Task What_waits_is_counted_in_the_management_api()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel);
        for (int number = 0; number < 5; number++) await PublishAsync(channel, $"{number}", 600_000);

        using HttpClient http = broker.Management();
        string shown = await http.GetStringAsync(new Uri("/api/exchanges/%2F/delayed", UriKind.Relative), Stop);

        Assert.Equal(5, JsonDocument.Parse(shown).RootElement.GetProperty("messages_delayed").GetInt32());
    }

    [Fact]
    public async Task Mandatory_is_no_reason_to_return_what_waits_and_bindings_count_when_it_is_due()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel);
        await channel.QueueUnbindAsync("q", "delayed", "key", cancellationToken: Stop);
        await channel.QueueAsync("other");
        BasicProperties properties = new() { Persistent = true, Headers = new Dictionary<string, object?> { ["x-delay"] = 300 } };

        await channel.BasicPublishAsync("delayed", "key", true, properties, "a"u8.ToArray(), Stop); // a return would throw
        await channel.QueueBindAsync("other", "delayed", "key", cancellationToken: Stop);

        Assert.Equal("a", Encoding.UTF8.GetString((await channel.AwaitAsync("other")).Body.Span));
    }

    [Fact]
    public async Task Copies_are_routed_when_due_and_blind_ones_stay_hidden()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel);
        foreach (string queue in (string[])["copy", "blind"])
        {
            await channel.QueueAsync(queue);
            await channel.QueueBindAsync(queue, "delayed", queue, cancellationToken: Stop);
        }

        BasicProperties properties = new()
        {
            Headers = new Dictionary<string, object?> { ["x-delay"] = 50, ["CC"] = new List<object> { "copy" }, ["BCC"] = new List<object> { "blind" } },
        };
        await channel.BasicPublishAsync("delayed", "key", false, properties, "a"u8.ToArray(), Stop);

        foreach (string queue in (string[])["q", "copy", "blind"])
        {
            IDictionary<string, object?> headers = (await channel.AwaitAsync(queue)).BasicProperties.Headers!;
            Assert.True(headers.ContainsKey("CC"));
            Assert.False(headers.ContainsKey("BCC"));
        }
    }

    [Fact]
    public async Task A_rejected_message_waits_in_its_dead_letter_exchange_and_comes_back_once()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel);
        await channel.QueueAsync("work", ("x-dead-letter-exchange", "delayed"), ("x-dead-letter-routing-key", "key"));
        await channel.SendAsync("work", "a", properties => properties.Headers = new Dictionary<string, object?> { ["x-delay"] = 60 });

        await channel.BasicNackAsync((await channel.BasicGetAsync("work", false, Stop))!.DeliveryTag, false, requeue: false, Stop);

        BasicGetResult back = await channel.AwaitAsync("q");
        Assert.Equal(-60, back.BasicProperties.Headers!["x-delay"]);
        Assert.Equal("rejected", back.BasicProperties.Header("x-first-death-reason"));
        Assert.Empty(await channel.DrainAsync("work"));
    }

    [Theory]
    [InlineData(null, "Invalid argument, 'x-delayed-type' must be an existing exchange type")]
    [InlineData("x-delayed-message", "Invalid argument, 'x-delayed-message' can't be used for 'x-delayed-type'")]
    [InlineData("bogus", "unknown exchange type 'bogus'")]
    public async Task A_type_to_route_by_is_wanted(string? type, string text)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ChannelAsync();
        Dictionary<string, object?> arguments = type is null ? [] : new() { ["x-delayed-type"] = type };

        await Assert.ThrowsAsync<OperationInterruptedException>(() =>
            channel.ExchangeDeclareAsync("delayed", "x-delayed-message", arguments: arguments, cancellationToken: Stop));

        Assert.Equal($"PRECONDITION_FAILED - {text}", channel.CloseReason!.ReplyText);
    }

    [Fact]
    public async Task What_waits_survives_a_kill_and_comes_once()
    {
        using TempFolder folder = new();
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel);
        for (int number = 0; number < 100; number++) await PublishAsync(channel, $"{number}", 1 + number % 3);
        List<string> before = [];
        while (before.Count < 100) before.Add(Encoding.UTF8.GetString((await channel.AwaitAsync("q")).Body.Span));
        for (int number = 0; number < 100; number++) await PublishAsync(channel, $"{number}", 3000);
        string copy = broker.CopyAsAfterAKill(folder);
        await Eventually.TrueAsync("some have been moved on", async () => await channel.MessageCountAsync("q", Stop) > 0, Stop);
        string half = broker.CopyAsAfterAKill(folder);

        foreach (string data in (string[])[copy, half])
        {
            await using RunningBroker next = await RunningBroker.StartOverAsync(data);
            await using IConnection again = await next.ConnectAsync();
            await using IChannel reader = await again.ChannelAsync();
            List<string> got = [];
            while (got.Count < 100) got.Add(Encoding.UTF8.GetString((await reader.AwaitAsync("q")).Body.Span));
            Assert.Equal(Enumerable.Range(0, 100).Select(number => $"{number}"), got);
            Assert.Null(await reader.TakeAsync("q"));
        }
    }

    [Fact]
    public async Task Deleting_the_exchange_drops_what_waits_in_it_for_good()
    {
        using TempFolder folder = new();
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            await using IConnection connection = await broker.ConnectAsync();
            await using IChannel channel = await connection.ConfirmingAsync();
            await DeclareAsync(channel);
            for (int number = 0; number < 20; number++) await PublishAsync(channel, $"{number}", 600_000);

            await channel.ExchangeDeleteAsync("delayed", cancellationToken: Stop);
        }

        await using RunningBroker next = await RunningBroker.StartOverAsync(folder["data"]);

        Assert.Equal(0, next.Part<Quintet.Broker.Topology.BrokerNode>().Store.Recovered.Messages);
    }

    [Fact]
    public async Task A_queue_that_was_full_gets_the_message_when_it_has_room()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await DeclareAsync(channel, ("x-max-length", 1), ("x-overflow", "reject-publish"));
        await PublishAsync(channel, "first", null);
        await PublishAsync(channel, "second", 1);
        await PublishAsync(channel, "third", 300);

        Quintet.Broker.Topology.Delays.DelayedExchange exchange =
            (Quintet.Broker.Topology.Delays.DelayedExchange)broker.Part<Quintet.Broker.Topology.BrokerNode>().FindVhost("/")!.FindExchange("delayed")!;
        Assert.Equal(2, exchange.Held.Count);
        List<string> got = [];
        while (got.Count < 3) got.Add(Encoding.UTF8.GetString((await channel.AwaitAsync("q")).Body.Span));
        Assert.Equal(["first", "second", "third"], got.Order(StringComparer.Ordinal).ToArray());
    }

    private static async Task DeclareAsync(IChannel channel, params (string Name, object? Value)[] arguments)
    {
        await channel.ExchangeDeclareAsync(
            "delayed",
            "x-delayed-message",
            durable: true,
            arguments: new Dictionary<string, object?> { ["x-delayed-type"] = "direct" },
            cancellationToken: Stop);
        await channel.QueueAsync("q", arguments);
        await channel.QueueBindAsync("q", "delayed", "key", cancellationToken: Stop);
    }

    private static ValueTask PublishAsync(IChannel channel, string body, object? delay)
    {
        BasicProperties properties = new() { Persistent = true };
        if (delay is not null) properties.Headers = new Dictionary<string, object?> { ["x-delay"] = delay };
        return channel.BasicPublishAsync("delayed", "key", false, properties, Encoding.UTF8.GetBytes(body), Stop);
    }
}
