namespace Quintet.Broker.Alarms;

/// <summary>What the broker may run short of; the words are RabbitMQ's.</summary>
internal enum Resource
{
    Memory,
    Disk,
}

/// <summary>
/// What the broker is short of at the moment. Publishers wait while there is anything, and go on when there is nothing. Thread-safe; listeners are
/// called under the lock, one change after the other, so that the last one they hear is how it is.
/// </summary>
internal sealed class AlarmBoard
{
    private readonly Lock _gate = new();
    private readonly bool[] _isShort = new bool[Enum.GetValues<Resource>().Length];
    private volatile string? _reason;

    /// <summary>Raised when publishers are to be held back (with the reason) or let go (null).</summary>
    public event Action<string?>? Changed;

    /// <summary>Why publishers are held back, in RabbitMQ's words; null when they are not.</summary>
    public string? Reason => _reason;

    public bool IsShortOf(Resource resource)
    {
        lock (_gate) return _isShort[(int)resource];
    }

    /// <summary>Looks again whether a resource is short.</summary>
    /// <param name="resource">Which.</param>
    /// <param name="isShort">Asked under the lock: of two who bring news at once the later one must not be wrong.</param>
    public void Update(Resource resource, Func<bool> isShort)
    {
        lock (_gate)
        {
            bool now = isShort();
            if (_isShort[(int)resource] == now) return;
            _isShort[(int)resource] = now;
            string[] names = [.. Enum.GetValues<Resource>().Where(each => _isShort[(int)each]).Select(NameOf)];
            _reason = names.Length == 0 ? null : $"low on {string.Join(" & ", names)}";
            Changed?.Invoke(_reason);
        }
    }

    public static string NameOf(Resource resource) => resource == Resource.Memory ? "memory" : "disk";
}
