using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Broker.Alarms;
using Quintet.Broker.Amqp;
using Quintet.Broker.Connections;
using Quintet.Broker.Tests.Systems;
using Quintet.Broker.Topology;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Alarms;

public class ShortMemoryBlocksPublishers
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_publisher_is_told_why_and_goes_on_by_itself_and_consumers_never_stop()
    {
        Memory memory = new();
        await using RunningBroker broker = await StartAsync(memory);
        await using IConnection connection = await broker.ConnectAsync(), other = await broker.ConnectAsync();
        TaskCompletionSource<string> blocked = new(), unblocked = new();
        connection.ConnectionBlockedAsync += (_, told) => Task.FromResult(blocked.TrySetResult(told.Reason));
        connection.ConnectionUnblockedAsync += (_, _) => Task.FromResult(unblocked.TrySetResult(""));
        await using IChannel publisher = await connection.ConfirmingAsync(), consumer = await other.ChannelAsync();
        await publisher.QueueAsync("q");
        await publisher.SendAsync("q", "before");

        memory.Used = 601;
        Assert.Equal("low on memory", await blocked.Task.WaitAsync(Stop));
        Task held = publisher.SendAsync("q", "held back").AsTask();

        Assert.Equal("before", await consumer.TakeAsync("q"));
        Assert.Null(await consumer.TakeAsync("q"));
        Assert.False(held.IsCompleted);
        memory.Used = 500;
        await unblocked.Task.WaitAsync(Stop);
        await held;
        Assert.Equal("held back", await consumer.TakeAsync("q"));
    }

    [Fact]
    public async Task The_alarm_is_seen_in_management_in_health_and_in_metrics()
    {
        Memory memory = new();
        await using RunningBroker broker = await StartAsync(memory);
        using HttpClient http = broker.Management();
        TaskCompletionSource changed = new();
        broker.Part<BrokerNode>().Alarms.Changed += _ => changed.TrySetResult();
        Assert.Equal(200, await StatusAsync(http, "/api/health/checks/alarms"));

        memory.Used = 700;
        await changed.Task.WaitAsync(Stop);

        Assert.Equal(503, await StatusAsync(http, "/api/health/checks/alarms"));
        Assert.Equal(503, await StatusAsync(http, "/api/health/checks/local-alarms"));
        using HttpResponseMessage check = await http.GetAsync("/api/health/checks/alarms", Stop);
        JsonElement alarm = Assert.Single((await JsonAsync(check)).GetProperty("alarms").EnumerateArray());
        Assert.Equal("memory", alarm.GetProperty("resource").GetString());
        using HttpResponseMessage nodes = await http.GetAsync("/api/nodes", Stop);
        JsonElement node = Assert.Single((await JsonAsync(nodes)).EnumerateArray());
        Assert.True(node.GetProperty("mem_alarm").GetBoolean());
        Assert.False(node.GetProperty("disk_free_alarm").GetBoolean());
        Assert.Equal((700, 600), (node.GetProperty("mem_used").GetInt64(), node.GetProperty("mem_limit").GetInt64()));
        string metrics = await http.GetStringAsync("/metrics", Stop);
        Assert.Contains("rabbitmq_alarms_memory_used_watermark 1", metrics);
        Assert.Contains("rabbitmq_resident_memory_limit_bytes 600", metrics);
        Assert.Contains("rabbitmq_process_resident_memory_bytes 700", metrics);
        Assert.Contains("publishers are blocked: low on memory", await http.GetStringAsync("/health/ready", Stop));
    }

    [Fact]
    public async Task Who_connects_during_the_alarm_is_told_and_of_two_alarms_both_must_end()
    {
        Memory memory = new();
        await using RunningBroker broker = await StartAsync(memory);
        AlarmBoard alarms = broker.Part<BrokerNode>().Alarms;
        alarms.Update(Resource.Disk, () => true);
        memory.Used = 700;
        await Eventually.TrueAsync("memory is short, too", () => Task.FromResult(alarms.IsShortOf(Resource.Memory)), Stop);
        using RawClient raw = await (await broker.ConnectRawAsync()).OpenAsync();
        Assert.Equal("low on memory & disk", broker.Part<ConnectionList>().BlockedReason);
        await raw.PublishAsync("nowhere", "held");

        alarms.Update(Resource.Disk, () => false);
        Assert.Equal("low on memory", broker.Part<ConnectionList>().BlockedReason);
        memory.Used = 100;

        await raw.MethodAsync(MethodId.ConnectionUnblocked);
        Assert.Null(broker.Part<ConnectionList>().BlockedReason);
    }

    private static Task<RunningBroker> StartAsync(Memory memory) => RunningBroker.StartWithAsync(
        services => services.AddSingleton(new MemoryProbe(() => memory.Used, 1000, () => { })), ("Broker:Memory:CheckInterval", "00:00:00.010"));

    private static async Task<int> StatusAsync(HttpClient http, string path)
    {
        using HttpResponseMessage response = await http.GetAsync(path, Stop);
        return (int)response.StatusCode;
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(Stop)).RootElement;

    /// <summary>The memory of a process, as the test says.</summary>
    private sealed class Memory
    {
        private long _used = 100;

        public long Used
        {
            get => Volatile.Read(ref _used);
            set => Volatile.Write(ref _used, value);
        }
    }
}
