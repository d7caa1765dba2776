namespace Quintet.Broker.Statistics;

/// <summary>What happens to messages; the names are those of RabbitMQ's <c>message_stats</c>.</summary>
internal enum Happening
{
    Publish,
    Confirm,
    ReturnUnroutable,
    DropUnroutable,

    /// <summary>To a consumer that acknowledges.</summary>
    Deliver,
    DeliverNoAck,
    Get,
    GetNoAck,
    GetEmpty,
    Redeliver,
    Ack,

    /// <summary>Left its queue without being acknowledged, for that reason.</summary>
    DiedRejected,
    DiedExpired,
    DiedMaxLength,
    DiedDeliveryLimit,
}

/// <summary>
/// Counts of one queue or channel. Plain numbers: each is only ever counted up by one at a time, whoever holds the gate of what it is about.
/// Readers see them a moment late, which is what statistics may.
/// </summary>
internal sealed class MessageStats
{
    public static readonly int Kinds = Enum.GetValues<Happening>().Length;

    private readonly long[] _counts = new long[Kinds];

    public long this[Happening happening] => Volatile.Read(ref _counts[(int)happening]);

    public void Count(Happening happening, long times = 1) => _counts[(int)happening] += times;

    /// <summary>A delivery, and whether the client may have seen the message before.</summary>
    public void CountDelivery(Happening how, bool isRedelivered)
    {
        Count(how);
        if (isRedelivered) Count(Happening.Redeliver);
    }

    public void CopyTo(Span<long> counts) => _counts.CopyTo(counts);

    /// <summary>Adds another's counts. Not for counters that are still in use by others.</summary>
    public void Add(MessageStats other)
    {
        for (int index = 0; index < _counts.Length; index++) _counts[index] += Volatile.Read(ref other._counts[index]);
    }
}
