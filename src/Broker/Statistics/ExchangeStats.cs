namespace Quintet.Broker.Statistics;

/// <summary>Counts of one exchange. Thread-safe: many channels publish to it at a time, and it has no gate that one of them would hold.</summary>
internal sealed class ExchangeStats
{
    private long _in;
    private long _out;

    public long In => Interlocked.Read(ref _in);

    /// <summary>A message counts once a queue.</summary>
    public long Out => Interlocked.Read(ref _out);

    public void Count(int queues)
    {
        Interlocked.Increment(ref _in);
        Interlocked.Add(ref _out, queues);
    }
}
