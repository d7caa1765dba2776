namespace Quintet.Broker.Queues;

/// <summary>
/// x-max-length and x-max-length-bytes of a queue. Room is reserved before a message is stored, so that publishers at the same moment do not
/// all get the last place. Guarded by the queue's gate.
/// </summary>
internal sealed class LengthLimit
{
    private readonly QueueSettings _settings;
    private readonly ReadyMessages _ready;
    private int _reserved;
    private long _reservedBytes;

    private LengthLimit(QueueSettings settings, ReadyMessages ready)
    {
        _settings = settings;
        _ready = ready;
    }

    /// <summary>Null when the queue has no limit.</summary>
    /// <param name="settings">With the limits.</param>
    /// <param name="ready">What is limited.</param>
    /// <param name="before">The limit that was in force: what was reserved under it is still on its way.</param>
    public static LengthLimit? Of(QueueSettings settings, ReadyMessages ready, LengthLimit? before = null) =>
        settings.LengthMax is null && settings.LengthBytesMax is null
            ? null
            : new LengthLimit(settings, ready) { _reserved = before?._reserved ?? 0, _reservedBytes = before?._reservedBytes ?? 0 };

    /// <summary>The oldest are to be dropped until this is false.</summary>
    public bool IsExceeded => _settings.Overflow == Overflow.DropHead && _ready.Count > 0
        && (_ready.Count > _settings.LengthMax || _ready.Bytes > _settings.LengthBytesMax);

    public bool TryReserve(int bodyBytes)
    {
        if (_settings.Overflow != Overflow.DropHead && IsFullFor(bodyBytes)) return false;
        _reserved++;
        _reservedBytes += bodyBytes;
        return true;
    }

    public void Release(int bodyBytes)
    {
        // A message may come in that was on its way before there was a limit, and so reserved nothing.
        _reserved = Math.Max(0, _reserved - 1);
        _reservedBytes = _reserved == 0 ? 0 : Math.Max(0, _reservedBytes - bodyBytes);
    }

    private bool IsFullFor(int bodyBytes)
    {
        // RabbitMQ's quorum queues look before they leap and so refuse one message later than its classic ones.
        int spare = _settings.IsQuorum ? 1 : 0;
        return _ready.Count + _reserved + 1 - spare > _settings.LengthMax || _ready.Bytes + _reservedBytes + bodyBytes > _settings.LengthBytesMax;
    }
}
