using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Quintet.Broker.Alarms;
using Quintet.Broker.Amqp;
using Quintet.Broker.Connections;
using Quintet.Broker.Connections.Consumers;
using Quintet.Broker.Queues;
using Quintet.Broker.Tests.Systems;
using Quintet.Broker.Topology;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Broker.Tests.Limits;

/// <summary>consumer_timeout, with a clock that only the test moves.</summary>
public class DeliveriesAreNotHeldForEver
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_delivery_held_too_long_closes_its_channel_and_goes_to_another(bool byGet)
    {
        await using RunningBroker broker = await StartAsync(("Broker:Limits:ConsumerTimeout", "00:30:00"));
        using RawClient client = await HoldAsync(broker, byGet);

        Pass(broker, TimeSpan.FromMinutes(29));
        await AssertServedAsync(client);
        Pass(broker, TimeSpan.FromMinutes(2));

        Assert.Equal(
            (406, "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms. "
                + "This timeout value can be configured, see consumers doc guide to learn more", 0u),
            await client.CloseAsync(MethodId.ChannelClose));
        Assert.Equal((1, 0), await CountsAsync(broker));
        // The number is free again, and the connection was never in danger.
        await client.SendAsync(new MethodFrame(1, MethodId.ChannelCloseOk).ToArray());
        await client.SendAsync(new MethodFrame(1, MethodId.ChannelOpen).ShortString("").ToArray());
        await client.MethodAsync(MethodId.ChannelOpenOk);
    }

    [Fact]
    public async Task Without_a_setting_deliveries_are_held_for_ever()
    {
        await using RunningBroker broker = await StartAsync();
        using RawClient client = await HoldAsync(broker);

        for (int part = 0; part < 4; part++) Pass(broker, TimeSpan.FromHours(2));

        await AssertServedAsync(client);
    }

    [Fact]
    public async Task Who_acknowledges_in_time_is_never_cut_off_however_long_the_channel_lives()
    {
        await using RunningBroker broker = await StartAsync(("Broker:Limits:ConsumerTimeout", "00:10:00"));
        using RawClient client = await HoldAsync(broker);

        for (ulong tag = 1; tag < 10; tag++)
        {
            Pass(broker, TimeSpan.FromMinutes(9));
            await client.SendAsync(RawClient.Publish("q", "more"));
            await client.MethodAsync(MethodId.BasicDeliver);
            await client.FrameAsync();
            await client.FrameAsync();
            await client.SendAsync(new MethodFrame(1, MethodId.BasicAck).Long(0).Long((uint)tag).Octet(0).ToArray());
            await AssertServedAsync(client);
        }
    }

    [Fact]
    public async Task The_queue_and_its_policy_go_before_the_settings_and_the_smaller_counts()
    {
        await using RunningBroker broker = await StartAsync(("Broker:Limits:ConsumerTimeout", "00:01:00"));
        using HttpClient http = broker.Management();
        using RawClient client = await HoldAsync(broker, arguments: new FieldTable { { "x-consumer-timeout", FieldValue.Of(3_600_000L) } });
        Pass(broker, TimeSpan.FromMinutes(50));
        await AssertServedAsync(client);

        await http.PutAsJsonAsync(
            "/api/policies/%2F/short", new { pattern = "^q$", definition = new Dictionary<string, object> { ["consumer-timeout"] = 600_000 } }, Stop);
        Pass(broker, TimeSpan.Zero);

        Assert.Contains("Timeout value used: 600000 ms", (await client.CloseAsync(MethodId.ChannelClose)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_nothing_is_read_from_a_client_its_silence_is_not_held_against_it()
    {
        await using RunningBroker broker = await StartAsync(("Broker:Limits:ConsumerTimeout", "00:10:00"));
        using RawClient client = await HoldAsync(broker);
        AlarmBoard alarms = broker.Part<BrokerNode>().Alarms;
        alarms.Update(Resource.Disk, () => true);
        await client.MethodAsync(MethodId.ConnectionBlocked);
        await client.SendAsync([.. RawClient.Publish("nowhere", "held"), .. new MethodFrame(1, MethodId.BasicAck).Long(0).Long(1).Octet(0).ToArray()]);
        await Eventually.TrueAsync("it is held back", () => Task.FromResult(broker.Part<ConnectionList>().All.Single().IsHeldBack), Stop);

        Pass(broker, TimeSpan.FromMinutes(30));
        alarms.Update(Resource.Disk, () => false);
        Pass(broker, TimeSpan.FromMinutes(5));

        await client.MethodAsync(MethodId.ConnectionUnblocked);
        await AssertServedAsync(client);
    }

    [Fact]
    public void A_channel_keeps_only_so_many_notes_of_ages_and_cuts_nobody_off_early_for_that()
    {
        UnackedMessages unacked = new();
        DeliveryAges ages = new(new Lock(), unacked);
        TimeSpan timeout = TimeSpan.FromMinutes(5_000);
        for (int minute = 0; minute < 5_000; minute++)
        {
            unacked.Add(new UnackedMessage((ulong)minute + 1, null!, null, default));
            Assert.Null(ages.FindOverdue(TimeSpan.FromMinutes(minute), _ => timeout));
        }

        Assert.Equal(1ul, ages.FindOverdue(TimeSpan.FromMinutes(5_000), _ => timeout)?.DeliveryTag);
        Assert.False(ages.IsOut(5_001));
        Assert.True(ages.IsOut(5_000));
    }

    private Task<RunningBroker> StartAsync(params (string Key, string? Value)[] settings) =>
        RunningBroker.StartWithAsync(services => services.AddSingleton<TimeProvider>(_time),
            // Whatever else looks at the clock does so seldom: the days of the test are short.
            [("Broker:Memory:CheckInterval", "00:01:00"), ("Broker:RatesInterval", "00:10:00"), ("Broker:Storage:SpaceCheckInterval", "00:01:00"),
                .. settings]);

    // The look before starts the age of what was just delivered.
    private void Pass(RunningBroker broker, TimeSpan time)
    {
        broker.Part<ConsumerTimeouts>().Look();
        _time.Advance(time);
        broker.Part<ConsumerTimeouts>().Look();
    }

    private static async Task<RawClient> HoldAsync(RunningBroker broker, bool byGet = false, FieldTable? arguments = null)
    {
        RawClient client = await (await broker.ConnectRawAsync()).OpenAsync();
        await client.SendAsync(new MethodFrame(1, MethodId.QueueDeclare).Short(0).ShortString("q").Octet(0b0010).Table(arguments ?? []).ToArray());
        await client.MethodAsync(MethodId.QueueDeclareOk);
        await client.SendAsync(RawClient.Publish("q", "long work"));
        await client.SendAsync(byGet
            ? new MethodFrame(1, MethodId.BasicGet).Short(0).ShortString("q").Octet(0).ToArray()
            : new MethodFrame(1, MethodId.BasicConsume).Short(0).ShortString("q").ShortString("").Octet(0).Table([]).ToArray());
        if (!byGet) await client.MethodAsync(MethodId.BasicConsumeOk);
        await client.MethodAsync(byGet ? MethodId.BasicGetOk : MethodId.BasicDeliver);
        await client.FrameAsync();
        await client.FrameAsync();
        return client;
    }

    // A close would come before the answer.
    private static async Task AssertServedAsync(RawClient client)
    {
        await client.SendAsync(new MethodFrame(1, MethodId.BasicQos).Long(0).Short(0).Octet(0).ToArray());
        await client.MethodAsync(MethodId.BasicQosOk);
    }

    private static async Task<(int Ready, int Unacked)> CountsAsync(RunningBroker broker)
    {
        await Eventually.TrueAsync("the message is back", () => Task.FromResult(broker.Counts("q").Ready == 1), Stop);
        return (broker.Counts("q").Ready, broker.Counts("q").Unacked);
    }
}
