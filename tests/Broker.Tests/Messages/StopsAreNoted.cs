using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Tests.Systems;
using Quintet.Hosting.Telemetry;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Xunit;

namespace Quintet.Broker.Tests.Messages;

/// <summary>What a console is told of messages whose publishers and consumers tell nothing.</summary>
public sealed class StopsAreNoted : IDisposable
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private readonly ListedHops _log = new();
    private readonly LoggerFactory _loggers;

    public StopsAreNoted() => _loggers = new LoggerFactory([_log]);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_is_followed_from_its_exchange_over_a_delay_to_its_dead_letters()
    {
        await using RunningBroker broker = await StartAsync();
        await using IConnection connection = await ConnectAsync(broker, "shop");
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.ExchangeDeclareAsync("events", "topic", durable: true, cancellationToken: Stop);
        await channel.QueueAsync("later", ("x-message-ttl", 50), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "work"));
        await channel.QueueAsync("work", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "work.dead"));
        await channel.QueueAsync("work.dead");
        await channel.QueueBindAsync("later", "events", "shop.#", cancellationToken: Stop);
        ChannelReader<BasicDeliverEventArgs> work = await channel.ConsumeAsync("work");

        await PublishAsync(channel, "events", "shop.sold", "m-1");
        await channel.BasicNackAsync((await work.ReadAsync(Stop)).DeliveryTag, false, requeue: true, Stop);
        await channel.BasicRejectAsync((await work.ReadAsync(Stop)).DeliveryTag, requeue: false, Stop);
        BasicGetResult dead = await channel.AwaitAsync("work.dead");

        Assert.Equal("m-1", dead.BasicProperties.MessageId);
        await Eventually.TrueAsync("the last is noted", () => Task.FromResult(_log.Of("m-1").Count == 9), Stop, () => string.Join('\n', _log.Of("m-1")));
        Assert.Equal(
            [
                "queued routed events → later: shop.sold", "queued expired later → work: work", "delivered delivered work: guest (shop) 1",
                "settled requeued work: guest (shop) 1", "delivered delivered work: guest (shop) 1", "settled rejected work: guest (shop) 1",
                "queued rejected work → work.dead: work.dead", "delivered gone work.dead: guest (shop) 1",
            ],
            _log.Of("m-1").Where(hop => !hop.StartsWith("trace", StringComparison.Ordinal)));
        Assert.Contains($"trace {Trace}", _log.Of("m-1"));
    }

    [Fact]
    public async Task A_message_that_no_queue_takes_and_one_that_a_stream_keeps_are_told_as_that()
    {
        await using RunningBroker broker = await StartAsync();
        await using IConnection connection = await ConnectAsync(broker, "shop");
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("history", ("x-queue-type", "stream"));

        await PublishAsync(channel, "amq.topic", "nobody", "m-1");
        await PublishAsync(channel, "", "history", "m-2");

        Assert.Contains("queued unroutable amq.topic → : nobody", _log.Of("m-1"));
        Assert.Contains("queued kept  → history: history", _log.Of("m-2"));
    }

    [Fact]
    public async Task No_more_is_noted_in_a_second_than_was_allowed_nor_more_of_a_name_than_is_read()
    {
        FakeTimeProvider time = new(DateTimeOffset.UnixEpoch.AddYears(56));
        await using RunningBroker broker = await RunningBroker.StartWithAsync(
            services => services.AddSingleton(new Hops(_loggers)).AddSingleton<TimeProvider>(time), ("Broker:HopsPerSecond", "3"));
        await using IConnection connection = await ConnectAsync(broker, new string('n', 30_000));
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("work");

        for (int number = 0; number < 10; number++) await PublishAsync(channel, "", "work", $"m-{number}");
        Assert.Equal(["m-0", "m-1", "m-2"], _log.All.Select(hop => hop.Id).Distinct());
        time.Advance(TimeSpan.FromSeconds(1));
        BasicGetResult got = (await channel.BasicGetAsync("work", autoAck: true, Stop))!;

        Assert.Equal("m-0", got.BasicProperties.MessageId);
        Assert.Equal($"delivered gone work: guest ({new string('n', 100)}…) 1", _log.Of("m-0")[^1]);
    }

    [Fact]
    public async Task What_has_no_id_is_not_noted_nor_anything_where_nothing_is_allowed()
    {
        await using RunningBroker broker = await StartAsync(("Broker:HopsPerSecond", "0"));
        await using IConnection connection = await ConnectAsync(broker, "shop");
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("work");
        await PublishAsync(channel, "", "work", "m-1");
        Assert.Empty(_log.All);

        await using RunningBroker other = await StartAsync();
        await using IConnection second = await ConnectAsync(other, "shop");
        await using IChannel sender = await second.ConfirmingAsync();
        await sender.QueueAsync("work");
        await sender.SendAsync("work", "no id");
        Assert.Equal("no id", await sender.TakeAsync("work"));
        Assert.Empty(_log.All);
    }

    public void Dispose() => _loggers.Dispose();

    private Task<RunningBroker> StartAsync(params (string Key, string? Value)[] settings) =>
        RunningBroker.StartWithAsync(services => services.AddSingleton(new Hops(_loggers)), settings);

    private static Task<IConnection> ConnectAsync(RunningBroker broker, string name) => broker.Factory().CreateConnectionAsync(name, Stop);

    private static ValueTask PublishAsync(IChannel channel, string exchange, string key, string id) => channel.BasicPublishAsync(
        exchange, key, false,
        new BasicProperties { MessageId = id, Headers = new Dictionary<string, object?> { ["traceparent"] = $"00-{Trace}-00f067aa0ba902b7-01" } },
        "body"u8.ToArray(), Stop);

    /// <summary>The hops in words, as they come.</summary>
    private sealed class ListedHops : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<(string Id, string Words)> All { get; } = [];

        public List<string> Of(string id) => [.. All.Where(hop => hop.Id == id).Select(hop => hop.Words)];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Dictionary<string, object?> told = ((IEnumerable<KeyValuePair<string, object?>>)state!).ToDictionary();
            string id = (string)told["quintet.event.id"]!;
            string? Told(string name) => told.GetValueOrDefault($"quintet.hop.{name}")?.ToString();
            string way = told.ContainsKey("quintet.hop.source") ? $"{Told("source")} → " : "";
            All.Enqueue((id, $"{Told("stage")} {Told("outcome")} {way}{Told("place")}: {Told("detail")} {Told("attempt")}".TrimEnd()));
            if (All.Count == 1) All.Enqueue((id, $"trace {told.GetValueOrDefault("quintet.trace.id")}"));
        }

        public void Dispose()
        {
        }
    }
}
