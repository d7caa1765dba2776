namespace Quintet.Chassis.Deadlines;

/// <summary>
/// Until when the work in hand is of use to whoever asked for it. It flows with the async context, so that every call that is made for the
/// work knows what is left. Begin and dispose of it in one method.
/// </summary>
internal sealed class Deadline : IDisposable
{
    private static readonly AsyncLocal<Deadline?> Ambient = new();

    private readonly Deadline? _outer = Ambient.Value;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly long _begun;
    private readonly CancellationTokenSource _over;
    private readonly CancellationTokenSource _end;
    private volatile bool _isLifted;

    private Deadline(TimeSpan limit, TimeProvider time, CancellationToken cut)
    {
        _limit = limit;
        _time = time;
        _begun = time.GetTimestamp();
        _over = new CancellationTokenSource(limit, time);
        _end = CancellationTokenSource.CreateLinkedTokenSource(_over.Token, cut);
        Over = _over.Token;
        End = _end.Token;
    }

    /// <summary>The deadline of the work in hand, if it has one.</summary>
    public static Deadline? Current => Ambient.Value is { _isLifted: false } deadline ? deadline : null;

    /// <summary>The time is over.</summary>
    public CancellationToken Over { get; }

    /// <summary>Ends the work: the time is over, or it was cut before that.</summary>
    public CancellationToken End { get; }

    public TimeSpan Left => _limit - _time.GetElapsedTime(_begun);

    /// <param name="limit">How long from now.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cut">Ends the work before that; what was begun without this token goes on.</param>
    public static Deadline Begin(TimeSpan limit, TimeProvider time, CancellationToken cut) => Ambient.Value = new Deadline(limit, time, cut);

    /// <summary>The answer has begun, or the work is done: from now on time ends nothing.</summary>
    public void Lift()
    {
        if (_isLifted) return;
        _isLifted = true;
        _over.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        // Lifted and not only forgotten: what the work has started and left behind carries it still.
        _isLifted = true;
        Ambient.Value = _outer;
        _end.Dispose();
        _over.Dispose();
    }
}
