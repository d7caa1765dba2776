using Quintet.TestKit.Traffic;

namespace Quintet.Load.Scenarios;

/// <summary>Persistent messages with confirms, 1,000 outstanding on each connection, into one queue that nobody reads.</summary>
internal static class Publishing
{
    private const string Queue = "load.publish";

    public static async Task<Sample> MeasureAsync(Session session, string type, int connections)
    {
        session.Control.DeclareQueue(Queue, type);
        Publisher[] publishers = [.. Enumerable.Range(0, connections).Select(_ => new Publisher(session.Broker.Port, ("", Queue)))];
        try
        {
            await AllAsync(session, publishers, session.Amounts.WarmUpSeconds);
            foreach (Publisher publisher in publishers) publisher.Latencies.Clear();
            long before = publishers.Sum(publisher => publisher.Confirmed);
            Meter meter = session.Measure();
            await AllAsync(session, publishers, session.Amounts.Seconds);
            return meter.Read(publishers.Sum(publisher => publisher.Confirmed) - before, publishers[0].Latencies);
        }
        finally
        {
            foreach (Publisher publisher in publishers) publisher.Dispose();
            session.Control.DeleteQueue(Queue);
        }
    }

    /// <summary>Fills a queue by one connection.</summary>
    public static Task FillAsync(Session session, string queue, int count) => session.Apart(() =>
    {
        using Publisher publisher = new(session.Broker.Port, ("", queue));
        publisher.Run(long.MaxValue, count);
    });

    private static Task AllAsync(Session session, Publisher[] publishers, double seconds)
    {
        long until = Session.In(seconds);
        return Task.WhenAll(publishers.Select(publisher => session.Apart(() => publisher.Run(until))));
    }
}
