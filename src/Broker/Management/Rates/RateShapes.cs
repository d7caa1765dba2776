using System.Text.Json.Nodes;
using Quintet.Broker.Connections;
using Quintet.Broker.Queues;
using Quintet.Broker.Statistics;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management.Rates;

/// <summary>Counts with their rates, as RabbitMQ shows them: <c>"publish": 5, "publish_details": {"rate": 0.2}</c>.</summary>
internal static class RateShapes
{
    private static readonly (string Name, Happening Happening)[] OfPublishers =
    [
        ("publish", Happening.Publish), ("confirm", Happening.Confirm), ("return_unroutable", Happening.ReturnUnroutable),
        ("drop_unroutable", Happening.DropUnroutable),
    ];

    private static readonly (string Name, Happening Happening)[] OfConsumers =
    [
        ("ack", Happening.Ack), ("deliver", Happening.Deliver), ("deliver_no_ack", Happening.DeliverNoAck), ("get", Happening.Get),
        ("get_no_ack", Happening.GetNoAck), ("get_empty", Happening.GetEmpty), ("redeliver", Happening.Redeliver),
    ];

    private static readonly Happening[] Delivered = [Happening.Deliver, Happening.DeliverNoAck, Happening.Get, Happening.GetNoAck];

    public static JsonObject OfQueue(Queue queue, StatisticsLoop rates)
    {
        RateMeter meter = rates.Of(queue);
        JsonObject shown = [];
        Add(shown, "publish", queue.Stats[Happening.Publish], meter[Happening.Publish]);
        AddAll(shown, OfConsumers, happening => queue.Stats[happening], happening => meter[happening]);
        return shown;
    }

    /// <summary>What publishers sent to an exchange, and how often a queue took it.</summary>
    public static JsonObject OfExchange(Exchange exchange, StatisticsLoop rates)
    {
        RateMeter meter = rates.Of(exchange);
        JsonObject shown = [];
        Add(shown, "publish_in", exchange.Stats.In, meter[0]);
        Add(shown, "publish_out", exchange.Stats.Out, meter[1]);
        return shown;
    }

    public static JsonObject OfChannel(Channel channel, StatisticsLoop rates) => Of([channel], null, rates);

    /// <summary>What channels did: those of a virtual host, or all with those that are closed.</summary>
    public static JsonObject Of(IReadOnlyCollection<Channel> channels, EndedStats? ended, StatisticsLoop rates)
    {
        MessageStats total = new();
        ended?.AddTo(total);
        double[] perSecond = new double[MessageStats.Kinds];
        foreach (Channel channel in channels)
        {
            if (ended is null || !channel.IsReleased) total.Add(channel.Stats);
            RateMeter meter = rates.Of(channel);
            for (int index = 0; index < perSecond.Length; index++) perSecond[index] += meter[index];
        }

        JsonObject shown = [];
        AddAll(shown, [.. OfPublishers, .. OfConsumers], happening => total[happening], happening => perSecond[(int)happening]);
        return shown;
    }

    /// <summary>Messages of queues, each number with its rate.</summary>
    public static void AddDepth(JsonObject shown, IReadOnlyCollection<Queue> queues, StatisticsLoop rates)
    {
        long ready = 0, unacked = 0;
        double[] perSecond = new double[3];
        foreach (Queue queue in queues)
        {
            QueueCounts counts = queue.Counts;
            ready += counts.Ready;
            unacked += counts.Unacked;
            RateMeter meter = rates.Of(queue);
            for (int index = 0; index < perSecond.Length; index++) perSecond[index] += meter[StatisticsLoop.FirstExtra + index];
        }

        Add(shown, "messages", ready + unacked, perSecond[0]);
        Add(shown, "messages_ready", ready, perSecond[1]);
        Add(shown, "messages_unacknowledged", unacked, perSecond[2]);
    }

    /// <summary>Octets of open connections.</summary>
    public static void AddOctets(JsonObject shown, IReadOnlyCollection<Connection> connections, StatisticsLoop rates)
    {
        Add(shown, "recv_oct", connections.Sum(connection => connection.BytesReceived),
            connections.Sum(connection => rates.Of(connection)[StatisticsLoop.FirstExtra]));
        Add(shown, "send_oct", connections.Sum(connection => connection.Outgoing.BytesSent),
            connections.Sum(connection => rates.Of(connection)[StatisticsLoop.FirstExtra + 1]));
    }

    public static JsonObject OfChurn(ChurnStats churn, StatisticsLoop rates)
    {
        RateMeter meter = rates.Of(churn);
        JsonObject shown = [];
        foreach ((string name, Churn happening) in (ReadOnlySpan<(string, Churn)>)
            [("channel_closed", Churn.ChannelClosed), ("channel_created", Churn.ChannelCreated), ("connection_closed", Churn.ConnectionClosed),
                ("connection_created", Churn.ConnectionCreated), ("queue_created", Churn.QueueCreated), ("queue_declared", Churn.QueueDeclared),
                ("queue_deleted", Churn.QueueDeleted)])
            Add(shown, name, churn[happening], meter[(int)happening]);
        return shown;
    }

    public static void Add(JsonObject shown, string name, long count, double rate)
    {
        shown[name] = count;
        shown[name + "_details"] = new JsonObject { ["rate"] = Math.Round(rate, 3) };
    }

    private static void AddAll(
        JsonObject shown, (string Name, Happening Happening)[] happenings, Func<Happening, long> count, Func<Happening, double> rate)
    {
        foreach ((string name, Happening happening) in happenings) Add(shown, name, count(happening), rate(happening));
        Add(shown, "deliver_get", Delivered.Sum(count), Delivered.Sum(rate));
    }
}
