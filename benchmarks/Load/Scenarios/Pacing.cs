using Quintet.TestKit.Traffic;

namespace Quintet.Load.Scenarios;

/// <summary>Little load: what counts is how long it takes.</summary>
internal static class Pacing
{
    private const string Queue = "load.pace";
    private const int PerSecond = 1_000;

    /// <summary>A message every millisecond, with confirms, to a consumer that acknowledges each.</summary>
    public static async Task<Sample> DeliveryAsync(Session session, string type)
    {
        session.Control.DeclareQueue(Queue, type);
        using Publisher publisher = new(session.Broker.Port, ("", Queue));
        using Consumer consumer = new(session.Broker.Port, prefetch: 1_000, ackEvery: 1);
        consumer.Subscribe(Queue);
        int warm = (int)(PerSecond * session.Amounts.WarmUpSeconds), count = (int)(PerSecond * session.Amounts.PacedSeconds);
        await PaceAsync(session, (publisher, consumer), warm);
        publisher.Latencies.Clear();
        consumer.Latencies.Clear();
        Meter meter = session.Measure();
        await PaceAsync(session, (publisher, consumer), count);
        Sample sample = meter.Read(count, consumer.Latencies);
        session.Control.DeleteQueue(Queue);
        (double half, double most) = (publisher.Latencies.Percentile(0.5), publisher.Latencies.Percentile(0.99));
        return sample with { Note = FormattableString.Invariant($"publish to confirm: p50 {half:0.00}, p99 {most:0.00} ms") };
    }

    /// <summary>Publish, wait for the confirm, publish the next.</summary>
    public static async Task<Sample> LoneConfirmsAsync(Session session, string type)
    {
        session.Control.DeclareQueue(Queue, type);
        using Publisher publisher = new(session.Broker.Port, ("", Queue), outstandingMax: 1);
        await session.Apart(() => publisher.Run(Session.In(session.Amounts.WarmUpSeconds)));
        publisher.Latencies.Clear();
        Meter meter = session.Measure();
        await session.Apart(() => publisher.Run(Session.In(session.Amounts.Seconds), session.Amounts.LoneConfirms));
        Sample sample = meter.Read(publisher.Latencies.Count, publisher.Latencies);
        session.Control.DeleteQueue(Queue);
        return sample;
    }

    private static Task PaceAsync(Session session, (Publisher Publisher, Consumer Consumer) clients, int count)
    {
        long upTo = clients.Publisher.Confirmed + count;
        return Task.WhenAll(
            session.Apart(() => clients.Consumer.Run(upTo, lasts: 1)),
            session.Apart(() => clients.Publisher.AwaitConfirms(upTo)),
            session.Apart(() => clients.Publisher.RunPaced(PerSecond, count)));
    }
}
