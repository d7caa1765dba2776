using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;
using Quintet.Broker.Connections;
using Quintet.Broker.Queues;
using Quintet.Broker.Statistics;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management.Rates;

/// <summary>
/// Looks at all counters every few seconds and so knows what happens in a second. Counters themselves are always read as they are: only rates are
/// as old as the last look.
/// </summary>
internal sealed class StatisticsLoop(BrokerContext broker) : BackgroundService
{
    /// <summary>After the happenings: messages, ready and unacked of a queue; octets received and sent of a connection.</summary>
    public static readonly int FirstExtra = MessageStats.Kinds;

    private const int Extras = 3;

    // Entries go with their queue, channel or connection.
    private readonly ConditionalWeakTable<object, RateMeter> _meters = [];
    private static readonly RateMeter Still = new(MessageStats.Kinds + Extras);

    /// <summary>The rates of a queue, an exchange, a channel, a connection or the churn; all zero for one that was not yet looked at.</summary>
    public RateMeter Of(object thing) => _meters.TryGetValue(thing, out RateMeter? meter) ? meter : Still;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(broker.Options.RatesInterval, broker.Node.Time);
        long last = broker.Node.Time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                double seconds = Math.Max(broker.Node.Time.GetElapsedTime(last).TotalSeconds, 0.001);
                last = broker.Node.Time.GetTimestamp();
                Look(seconds);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The broker stops.
        }
    }

    private void Look(double seconds)
    {
        Span<long> numbers = stackalloc long[MessageStats.Kinds + Extras];
        for (int churn = 0; churn < ChurnStats.Kinds; churn++) numbers[churn] = broker.Node.Churn[(Churn)churn];
        Sample(broker.Node.Churn, numbers, seconds);
        foreach (VirtualHost vhost in broker.Node.Vhosts)
        {
            foreach (Exchange exchange in vhost.Exchanges)
            {
                if (exchange.Stats.In == 0) continue;
                numbers.Clear();
                (numbers[0], numbers[1]) = (exchange.Stats.In, exchange.Stats.Out);
                Sample(exchange, numbers, seconds);
            }

            foreach (Queue queue in vhost.Queues)
            {
                QueueCounts counts = queue.Counts;
                queue.Stats.CopyTo(numbers);
                (numbers[FirstExtra], numbers[FirstExtra + 1], numbers[FirstExtra + 2]) = (counts.Ready + counts.Unacked, counts.Ready, counts.Unacked);
                Sample(queue, numbers, seconds);
            }
        }

        foreach (Connection connection in broker.Connections.All)
        {
            numbers.Clear();
            (numbers[FirstExtra], numbers[FirstExtra + 1]) = (connection.BytesReceived, connection.Outgoing.BytesSent);
            Sample(connection, numbers, seconds);
            foreach (Channel channel in connection.Channels)
            {
                numbers.Clear();
                channel.Stats.CopyTo(numbers);
                Sample(channel, numbers, seconds);
            }
        }
    }

    private void Sample(object thing, ReadOnlySpan<long> numbers, double seconds)
    {
        if (!_meters.TryGetValue(thing, out RateMeter? meter))
        {
            meter = new RateMeter(numbers.Length);
            // What a queue brought along from before is not what came in since.
            if (thing is Queue) meter.Begin([.. new long[MessageStats.Kinds], .. numbers[MessageStats.Kinds..]]);
            _meters.Add(thing, meter);
        }

        meter.Sample(numbers, seconds);
    }
}
