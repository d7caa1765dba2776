using Quintet.Load.Brokers;
using Quintet.TestKit.Traffic;

namespace Quintet.Load.Scenarios;

/// <summary>Memory: at rest, with idle connections, with a backlog; and how soon it is there again after a kill. Measured once.</summary>
internal static class Backlog
{
    private const string Queue = "load.backlog";
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    public static async Task<Sample> IdleAsync(Session session)
    {
        await session.Broker.SettleAsync(session.Cancellation);
        return new Sample { ResidentMib = session.Broker.ResidentMib };
    }

    public static async Task<Sample> IdleConnectionsAsync(Session session)
    {
        double before = session.Broker.ResidentMib;
        List<LoadConnection> connections = [];
        for (int index = 0; index < session.Amounts.Idle; index++) connections.Add(LoadConnection.Open(session.Broker.Port, 1024));
        await session.Broker.SettleAsync(session.Cancellation);
        double after = session.Broker.ResidentMib;
        foreach (LoadConnection connection in connections) connection.Dispose();
        return new Sample { ResidentMib = after, Note = FormattableString.Invariant($"{(after - before) * 1024 / session.Amounts.Idle:0} KiB a connection") };
    }

    /// <summary>What is still resident when nobody has asked for anything for a while.</summary>
    public static async Task<Sample> AfterTheLoadAsync(Session session)
    {
        double busy = session.Broker.ResidentMib;
        await Task.Delay(Rest, TimeProvider.System, session.Cancellation);
        return new Sample { ResidentMib = session.Broker.ResidentMib, Note = FormattableString.Invariant($"{busy:0} MiB at the end of the load") };
    }

    /// <summary>Fills a classic queue.</summary>
    public static async Task<Sample> FillAsync(Session session, int count)
    {
        session.Control.DeclareQueue(Queue, "classic");
        Meter meter = session.Measure();
        await Publishing.FillAsync(session, Queue, count);
        Sample filled = meter.Read(count);
        await session.Broker.SettleAsync(session.Cancellation);
        return filled with { ResidentMib = session.Broker.ResidentMib };
    }

    /// <summary>SIGKILL, start, and ready is when the queue answers with its messages.</summary>
    public static async Task<Sample> RestartAsync(BrokerUnderTest broker, int count, CancellationToken cancellation)
    {
        await broker.KillAsync();
        long found = 0;
        TimeSpan ready = await broker.StartAsync(connection => (found = connection.CountReady(Queue)) >= 0, cancellation);
        string note = found == count ? "all there" : FormattableString.Invariant($"{found:N0} of {count:N0} there");
        return new Sample { Seconds = ready.TotalSeconds, ResidentMib = broker.ResidentMib, Note = note };
    }

    public static async Task<Sample> DrainAsync(Session session)
    {
        long count = session.Control.CountReady(Queue);
        if (count == 0) return new Sample { Note = "nothing there" };
        Sample sample = await Consuming.DrainAsync(session, Queue, count);
        session.Control.DeleteQueue(Queue);
        return sample;
    }
}
