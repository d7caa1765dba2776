namespace Quintet.Broker.Statistics;

/// <summary>Logins since the start, by the way they came.</summary>
internal sealed class LoginStats
{
    public Logins Amqp { get; } = new();

    public Logins Http { get; } = new();
}

/// <summary>Logins by one protocol. Thread-safe.</summary>
internal sealed class Logins
{
    private long _accepted;
    private long _refused;

    public long Accepted => Interlocked.Read(ref _accepted);

    public long Refused => Interlocked.Read(ref _refused);

    public void Count(bool isAccepted)
    {
        if (isAccepted) Interlocked.Increment(ref _accepted);
        else Interlocked.Increment(ref _refused);
    }

    public void Clear()
    {
        Interlocked.Exchange(ref _accepted, 0);
        Interlocked.Exchange(ref _refused, 0);
    }
}
