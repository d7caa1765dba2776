using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Storage;
using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Topology;
using Quintet.Broker.Topology.Delays;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Broker.Tests.Delays;

/// <summary>A node without sockets, and a clock that only the test moves.</summary>
public class DelaysKeepTime
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-30)]
    [InlineData(30)]
    public async Task A_clock_that_is_set_changes_no_delay_while_the_process_runs(int days)
    {
        using TempFolder folder = new();
        FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        ClockThatIsSet clock = new(time);
        await using BrokerNode node = Open(folder["data"], clock);
        Publish(node, 60_000);

        clock.SetBy = TimeSpan.FromDays(days);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal((0, 1), Counts(node));
        time.Advance(TimeSpan.FromSeconds(1));

        await Eventually.TrueAsync("it is in its queue", () => Task.FromResult(Counts(node) == (1, 0)), Stop);
    }

    [Theory]
    [InlineData(-30, 60)]
    [InlineData(0, 40)]
    [InlineData(30, 0)]
    public async Task Over_a_restart_the_wall_clock_counts_but_never_more_than_the_delay(int days, int secondsLeft)
    {
        using TempFolder folder = new();
        DateTimeOffset start = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
        await using (BrokerNode node = Open(folder["data"], new FakeTimeProvider(start)))
        {
            Publish(node, 60_000);
        }

        FakeTimeProvider time = new(start.AddDays(days).AddSeconds(days == 0 ? 20 : 0));
        await using BrokerNode next = Open(folder["data"], time);

        if (secondsLeft > 0)
        {
            time.Advance(TimeSpan.FromSeconds(secondsLeft - 1));
            Assert.Equal((0, 1), Counts(next));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        await Eventually.TrueAsync("it is in its queue", () => Task.FromResult(Counts(next) == (1, 0)), Stop);
    }

    [Fact]
    public async Task Messages_come_in_the_order_they_are_due_and_those_of_one_moment_in_their_own()
    {
        using TempFolder folder = new();
        FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using BrokerNode node = Open(folder["data"], time);
        foreach ((string body, int delay) in (ReadOnlySpan<(string, int)>)[("d", 900), ("a", 700), ("b", 700), ("e", 1000), ("c", 800)])
            Publish(node, delay, body);

        time.Advance(TimeSpan.FromSeconds(2));

        await Eventually.TrueAsync("all are in the queue", () => Task.FromResult(Counts(node) == (5, 0)), Stop);
        string got = "";
        while (node.FindVhost("/")!.FindQueue("q")!.TryTake(noAck: true, out QueueEntry entry, out _))
        {
            using StoredMessage stored = await node.Store.ReadAsync(entry.Ref, Stop);
            got += Encoding.UTF8.GetString(stored.Body.Span);
        }

        Assert.Equal("abcde", got);
    }

    [Fact]
    public async Task A_hundred_thousand_that_wait_cost_little_memory_and_come_in_order()
    {
        using TempFolder folder = new();
        FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using BrokerNode node = Open(folder["data"], time);
        const int Count = 100_000;
        Publish(node, 1); // whatever is made once
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int number = 0; number < Count; number++)
        {
            await node.Store.RoomAsync(Stop);
            Publish(node, 3_600_000 - number % 1000);
        }

        await node.Store.FlushedAsync();
        // Beside the cache of the store: the index and the order.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before - 40L * 1024 * 1024, long.MinValue, Count * 120L);
        Assert.Equal(Count + 1, Counts(node).Held);
    }

    private static BrokerNode Open(string folder, TimeProvider time)
    {
        Directory.CreateDirectory(folder);
        BrokerNode node = BrokerNode.Open(new FileDisk(folder), new StorageOptions { CacheBytes = 32 * 1024 * 1024 }, time, NullLogger.Instance);
        VirtualHost vhost = node.FindVhost("/")!;
        vhost.DeclareExchange(new ExchangeSettings
        {
            Vhost = "/",
            Name = "delayed",
            Type = "x-delayed-message",
            IsDurable = true,
            Arguments = new FieldTable { { "x-delayed-type", FieldValue.Of("fanout") } },
        });
        Queue queue = vhost.DeclareQueue(new QueueSettings { Vhost = "/", Name = "q", IsDurable = true }, new object(), out _);
        vhost.Bind(new Binding(vhost.GetExchange("delayed"), new Destination(queue, null), "", FieldTable.Empty));
        return node;
    }

    private static void Publish(BrokerNode node, long delayMs, string body = "a")
    {
        FieldTable headers = new() { { "x-delay", FieldValue.Of(delayMs) } };
        byte[] properties = [0x30, 0, .. FieldTableWriter.Encode(headers), 2]; // headers, delivery mode
        RouteResult route = new();
        route.Follow(node.FindVhost("/")!.GetExchange("delayed"), new RoutedMessage("", FieldTableWriter.Encode(headers).AsSpan(4), properties));
        node.Intake.Accept(
            route,
            new IncomingMessage
            {
                Envelope = Envelope.Create(0, 0, (Encoding.UTF8.GetBytes("delayed"), []), properties),
                Body = Encoding.UTF8.GetBytes(body),
                IsPersistent = true,
                NowMs = node.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            },
            default);
    }

    /// <summary>The wall clock is set; the steady one and the timers do not notice.</summary>
    private sealed class ClockThatIsSet(TimeProvider steady) : TimeProvider
    {
        public TimeSpan SetBy { get; set; }

        public override long TimestampFrequency => steady.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => steady.GetUtcNow() + SetBy;

        public override long GetTimestamp() => steady.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            steady.CreateTimer(callback, state, dueTime, period);
    }

    private static (int Ready, int Held) Counts(BrokerNode node)
    {
        VirtualHost vhost = node.FindVhost("/")!;
        return (vhost.FindQueue("q")!.Counts.Ready, ((DelayedExchange)vhost.GetExchange("delayed")).Held.Count);
    }
}
