namespace Quintet.Broker.Statistics;

/// <summary>What comes and goes besides messages; RabbitMQ's <c>churn_rates</c>.</summary>
internal enum Churn
{
    ConnectionCreated,
    ConnectionClosed,
    ChannelCreated,
    ChannelClosed,
    QueueDeclared,
    QueueCreated,
    QueueDeleted,
}

/// <summary>Counts of comings and goings of the node. Thread-safe; these are rare enough for an interlocked count.</summary>
internal sealed class ChurnStats
{
    public static readonly int Kinds = Enum.GetValues<Churn>().Length;

    private readonly long[] _counts = new long[Kinds];

    public long this[Churn churn] => Interlocked.Read(ref _counts[(int)churn]);

    public void Count(Churn churn) => Interlocked.Increment(ref _counts[(int)churn]);
}
