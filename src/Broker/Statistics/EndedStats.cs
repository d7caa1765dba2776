namespace Quintet.Broker.Statistics;

/// <summary>The counts of what is gone, so that totals never go back. Thread-safe.</summary>
internal sealed class EndedStats
{
    private readonly Lock _gate = new();
    private readonly MessageStats _sum = new();

    public void Add(MessageStats ended)
    {
        lock (_gate) _sum.Add(ended);
    }

    public void AddTo(MessageStats total)
    {
        lock (_gate) total.Add(_sum);
    }
}
