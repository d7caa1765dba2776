using Quintet.TestKit.Traffic;

namespace Quintet.Load.Scenarios;

/// <summary>Messages that are also taken out again.</summary>
internal static class Consuming
{
    private const string Queue = "load.consume";
    private const int Prefetch = 1_000;

    /// <summary>One connection publishes with confirms, 1,000 outstanding, one consumes with an ack for each message. Ends when all is consumed.</summary>
    public static async Task<Sample> AlongAsync(Session session, string type)
    {
        session.Control.DeclareQueue(Queue, type);
        using Publisher publisher = new(session.Broker.Port, ("", Queue));
        using Consumer consumer = new(session.Broker.Port, Prefetch, ackEvery: 1);
        consumer.Subscribe(Queue);
        Task consuming = session.Apart(() => consumer.Run(long.MaxValue, lasts: 1));
        await session.Apart(() => publisher.Run(Session.In(session.Amounts.WarmUpSeconds)));
        await CaughtUpAsync(session, publisher, consumer);
        consumer.Latencies.Clear();
        long before = consumer.Received;
        Meter meter = session.Measure();
        await session.Apart(() =>
        {
            publisher.Run(Session.In(session.Amounts.Seconds));
            publisher.SendLast();
        });
        await consuming;
        Sample sample = meter.Read(consumer.Received - before, consumer.Latencies);
        session.Control.DeleteQueue(Queue);
        return sample;
    }

    /// <summary>One connection consumes what lies there.</summary>
    public static async Task<Sample> DrainAsync(Session session, string type)
    {
        session.Control.DeclareQueue(Queue, type);
        await Publishing.FillAsync(session, Queue, session.Amounts.Drained);
        await session.Broker.SettleAsync(session.Cancellation);
        Sample sample = await DrainAsync(session, Queue, session.Amounts.Drained);
        session.Control.DeleteQueue(Queue);
        return sample;
    }

    /// <summary>Takes so many messages out of a queue with prefetch 1,000 and an ack for 100.</summary>
    public static async Task<Sample> DrainAsync(Session session, string queue, long count)
    {
        using Consumer consumer = new(session.Broker.Port, Prefetch, ackEvery: 100);
        Meter meter = session.Measure();
        consumer.Subscribe(queue);
        await session.Apart(() => consumer.Run(count, lasts: 1));
        return meter.Read(count);
    }

    private static async Task CaughtUpAsync(Session session, Publisher publisher, Consumer consumer)
    {
        while (consumer.Received < publisher.Confirmed) await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, session.Cancellation);
    }
}
