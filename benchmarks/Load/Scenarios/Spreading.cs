using System.Globalization;
using Quintet.TestKit.Traffic;

namespace Quintet.Load.Scenarios;

/// <summary>Many queues.</summary>
internal static class Spreading
{
    private const string Exchange = "load.fanout";
    private const int FanoutQueues = 10;

    /// <summary>Each message to ten queues, each with a consumer; all ten on one channel.</summary>
    public static async Task<Sample> FanoutAsync(Session session)
    {
        string[] queues = [.. Enumerable.Range(0, FanoutQueues).Select(index => $"load.fanout.{index}")];
        session.Control.DeclareFanout(Exchange);
        using Publisher publisher = new(session.Broker.Port, (Exchange, ""));
        using Consumer consumer = new(session.Broker.Port, prefetch: 1_000, ackEvery: 100);
        foreach (string queue in queues)
        {
            session.Control.DeclareQueue(queue, "classic");
            session.Control.Bind(queue, Exchange);
            consumer.Subscribe(queue);
        }

        Task consuming = session.Apart(() => consumer.Run(long.MaxValue, FanoutQueues));
        await session.Apart(() => publisher.Run(Session.In(session.Amounts.WarmUpSeconds)));
        while (consumer.Received < publisher.Confirmed * FanoutQueues)
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, session.Cancellation);
        consumer.Latencies.Clear();
        long before = publisher.Confirmed;
        Meter meter = session.Measure();
        await session.Apart(() =>
        {
            publisher.Run(Session.In(session.Amounts.Seconds));
            publisher.SendLast();
        });
        await consuming;
        Sample sample = meter.Read(publisher.Confirmed - before, consumer.Latencies);
        foreach (string queue in queues) session.Control.DeleteQueue(queue);
        session.Control.DeleteExchange(Exchange);
        return sample;
    }

    /// <summary>One connection, 1,000 outstanding, each message to the next of a thousand queues.</summary>
    public static async Task<Sample> QueuesAsync(Session session)
    {
        int count = session.Amounts.Queues;
        string[] queues = [.. Enumerable.Range(0, count).Select(index => string.Create(CultureInfo.InvariantCulture, $"load.many.{index:000}"))];
        double before = session.Broker.ResidentMib;
        foreach (string queue in queues) session.Control.DeclareQueue(queue, "classic");
        double declared = session.Broker.ResidentMib;
        using Publisher publisher = new(session.Broker.Port, ("", queues[0]), keys: count);
        await session.Apart(() => publisher.Run(Session.In(session.Amounts.WarmUpSeconds)));
        publisher.Latencies.Clear();
        long confirmed = publisher.Confirmed;
        Meter meter = session.Measure();
        await session.Apart(() => publisher.Run(Session.In(session.Amounts.Seconds)));
        Sample sample = meter.Read(publisher.Confirmed - confirmed, publisher.Latencies);
        foreach (string queue in queues) session.Control.DeleteQueue(queue);
        return sample with { Note = FormattableString.Invariant($"declaring them: {declared - before:0} MiB") };
    }
}
