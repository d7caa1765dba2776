namespace Quintet.TestKit.Traffic;

/// <summary>
/// How many octets a broker in this very process allocates for a message in steady state, over real connections. The clients here allocate nothing a
/// message, so whatever is counted is the broker's. Nothing else may run in the process meanwhile.
/// The least of several stretches counts: buffers that grow, or are taken by another thread than last time, cost now and then, and the more of them the
/// busier the machine; what a message costs, it costs in each stretch.
/// </summary>
public static class AllocatedOctets
{
    /// <summary>What a message may cost: a little above nothing, for the pages of indexes and what each batch or read takes.</summary>
    public const double PerMessageMax = 16;

    private const string Queue = "allocated";
    private const int WarmUp = 40_000;
    private const int Measured = 40_000;
    private const int Stretches = 5;
    private const int StretchesMax = 20;
    private const ushort Prefetch = 1_000;

    /// <summary>Publish and confirm, 1,000 outstanding, into a queue that keeps its newest 1,000 messages, so that nothing grows.</summary>
    public static async Task<double> PerPublishAsync(int port, Action? whenWarm = null)
    {
        using LoadConnection control = LoadConnection.Open(port);
        control.DeclareShortQueue(Queue, Prefetch);
        using Publisher publisher = new(port, ("", Queue));
        double each = await MeasureAsync(count => publisher.Run(long.MaxValue, count), whenWarm);
        control.DeleteQueue(Queue);
        return each;
    }

    /// <summary>Publish, confirm, deliver and an ack for each message.</summary>
    public static async Task<double> PerDeliveryAsync(int port, string type, Action? whenWarm = null)
    {
        using LoadConnection control = LoadConnection.Open(port);
        control.DeclareQueue(Queue, type);
        using Publisher publisher = new(port, ("", Queue));
        using Consumer consumer = new(port, Prefetch, ackEvery: 1);
        consumer.Subscribe(Queue);
        double each = await MeasureAsync(count =>
        {
            for (int sent = 0; sent < count; sent += Prefetch)
            {
                publisher.Run(long.MaxValue, Prefetch);
                consumer.Run(consumer.Received + Prefetch, lasts: 1);
            }
        }, whenWarm);
        control.DeleteQueue(Queue);
        return each;
    }

    private static Task<double> MeasureAsync(Action<int> work, Action? whenWarm) => Task.Factory.StartNew(
        () =>
        {
            work(WarmUp);
            whenWarm?.Invoke();
            double least = double.MaxValue;
            for (int stretch = 0; stretch < Stretches || (least > PerMessageMax && stretch < StretchesMax); stretch++)
            {
                long before = GC.GetTotalAllocatedBytes(precise: true);
                work(Measured);
                least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Measured);
            }

            return least;
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);
}
